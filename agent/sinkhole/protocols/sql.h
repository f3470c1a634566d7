// sql: what an empty database server answers to a statement: the few questions that clients ask about the
// server itself, literals, and otherwise a success that changed nothing. Shared by PostgreSQL and MySQL.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::sinkhole {

struct SqlServer {
  bool mysql = false;
  std::string version, user, database;
};

struct SqlAnswer {
  std::string tag;                             // "SELECT", "CREATE TABLE"; empty: there was no statement
  std::vector<std::string> columns;            // none: no result set
  std::vector<std::vector<std::string>> rows;  // each of columns.size() texts
};

SqlAnswer answer_sql(std::string_view statement, const SqlServer& server);
/// At semicolons outside of quotes; at most `limit`, the last of which is the rest. Empty ones are left out.
std::vector<std::string_view> split_sql(std::string_view text, size_t limit);

}  // namespace assay::sinkhole
