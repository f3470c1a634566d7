// Not a parser: it knows the shape of what clients ask first.
#include "agent/sinkhole/protocols/sql.h"

#include <algorithm>
#include <optional>

#include "agent/sinkhole/protocols/lines.h"

namespace assay::sinkhole {
namespace {

constexpr size_t kMaxColumns = 32, kMaxNameBytes = 63;
constexpr std::string_view kSpace = " \t\r\n\f\v";

std::string_view trimmed(std::string_view text) {
  size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

// Without comments before it.
std::string_view statement_of(std::string_view text) {
  for (;;) {
    text = trimmed(text);
    std::string_view end = text.starts_with("--")                               ? "\n"
                           : text.starts_with("/*") && !text.starts_with("/*!") ? "*/"
                                                                                : "";
    if (end.empty()) return text;
    size_t at = text.find(end);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + end.size());
  }
}

std::string first_word(std::string_view text) {
  return upper(text.substr(0, std::min(text.find_first_of(" \t\r\n\f\v(;"), text.size())));
}

// Where `mark` stands outside of quotes and brackets; npos: nowhere.
template <class Mark>
size_t find_outside(std::string_view text, Mark&& mark) {
  char quote = 0;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (depth <= 0 && mark(i)) {
      return i;
    }
  }
  return std::string_view::npos;
}

// The keyword in upper case, as a word of its own.
size_t find_keyword(std::string_view text, std::string_view keyword) {
  return find_outside(text, [&](size_t i) {
    if (i == 0 || kSpace.find(text[i - 1]) == std::string_view::npos || text.size() - i < keyword.size())
      return false;
    size_t end = i + keyword.size();
    return upper(text.substr(i, keyword.size())) == keyword &&
           (end == text.size() || kSpace.find(text[end]) != std::string_view::npos);
  });
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::string> variable(std::string_view name, const SqlServer& server) {
  for (std::string_view scope : {"SESSION.", "GLOBAL."})
    if (name.starts_with(scope)) name.remove_prefix(scope.size());
  if (name == "VERSION") return server.version;
  if (name == "VERSION_COMMENT") return "Debian 12";
  if (name == "MAX_ALLOWED_PACKET") return "16777216";
  if (name == "HOSTNAME") return "db";
  if (name == "DATADIR") return "/var/lib/mysql/";
  if (name == "PLUGIN_DIR") return "/usr/lib/mysql/plugin/";
  if (name == "BASEDIR") return "/usr";
  if (name == "SECURE_FILE_PRIV") return "";
  if (name.starts_with("CHARACTER_SET_")) return "utf8mb4";
  if (name.starts_with("COLLATION_")) return "utf8mb4_general_ci";
  if (name == "TX_ISOLATION" || name == "TRANSACTION_ISOLATION") return "REPEATABLE-READ";
  if (name == "SQL_MODE") return "STRICT_TRANS_TABLES";
  if (name == "SYSTEM_TIME_ZONE") return "UTC";
  if (name == "TIME_ZONE") return "SYSTEM";
  return "1";
}

std::optional<std::string> value_of(std::string_view expression, const SqlServer& server) {
  if (is_number(expression)) return std::string(expression);
  if (expression.size() >= 2 && expression.front() == '\'' &&
      expression.find('\'', 1) == expression.size() - 1)
    return std::string(expression.substr(1, expression.size() - 2));
  std::string name = upper(expression);
  if (name.starts_with("@@")) return variable(std::string_view(name).substr(2), server);
  if (name == "VERSION()" || name == "PG_CATALOG.VERSION()")
    return server.mysql
               ? server.version
               : "PostgreSQL " + server.version + " (Debian " + server.version +
                     "-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14) 12.2.0, 64-bit";
  if (name == "USER()" || name == "CURRENT_USER()") return server.user + "@172.17.0.2";
  if (name == "CURRENT_USER" || name == "SESSION_USER" || name == "USER") return server.user;
  if (name == "DATABASE()" || name == "CURRENT_DATABASE()") return server.database;
  if (name == "CURRENT_SCHEMA()" || name == "CURRENT_SCHEMA") return "public";
  if (name == "CONNECTION_ID()" || name == "PG_BACKEND_PID()") return "412";
  if (name == "NULL" || name.starts_with("PG_SLEEP(") || name.starts_with("SLEEP(")) return "";
  return std::nullopt;
}

// "1 AS one", "version()", ...: a column's name, and its value if it needs no table.
std::pair<std::string, std::optional<std::string>> column(std::string_view text, const SqlServer& server) {
  text = trimmed(text);
  std::string_view expression = text;
  std::string name;
  if (size_t as = find_keyword(text, "AS"); as != std::string_view::npos) {
    expression = trimmed(text.substr(0, as));
    for (char c : trimmed(text.substr(as + 2)))
      if (c != '"' && c != '`' && c != '\'') name += c;
  }
  auto value = value_of(expression, server);
  if (name.empty() && !server.mysql) {
    bool call = expression.ends_with("()");
    name = call ? expression.substr(0, expression.size() - 2)
           : is_number(expression) || expression.starts_with('\'') ? "?column?"
                                                                   : expression;
  }
  if (name.empty()) name = expression;
  return {name.substr(0, kMaxNameBytes), value};
}

SqlAnswer select(std::string_view list, const SqlServer& server) {
  SqlAnswer out{"SELECT", {}, {}};
  bool known = true;
  for (std::string_view keyword : {"FROM", "WHERE", "LIMIT", "ORDER", "UNION"}) {
    size_t at = find_keyword(list, keyword);
    if (at == std::string_view::npos) continue;
    known &= keyword == "LIMIT";
    list = list.substr(0, at);
  }
  std::vector<std::string> row;
  while (out.columns.size() < kMaxColumns) {
    size_t comma = find_outside(list, [&](size_t i) { return list[i] == ','; });
    auto [name, value] = column(list.substr(0, comma), server);
    out.columns.push_back(name.empty() ? "?column?" : name);
    row.push_back(value.value_or(""));
    known &= value.has_value();
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  if (known) out.rows.push_back(std::move(row));
  return out;
}

SqlAnswer show(std::string_view what, const SqlServer& server) {
  std::string name = upper(trimmed(what));
  SqlAnswer out{"SHOW", {}, {}};
  if (server.mysql && name == "DATABASES")
    return {"SHOW", {"Database"}, {{"information_schema"}, {"mysql"}, {"performance_schema"}}};
  if (server.mysql && name.ends_with("TABLES")) return {"SHOW", {"Tables_in_" + server.database}, {}};
  if (server.mysql) return {"SHOW", {"Variable_name", "Value"}, {}};
  std::string value = name == "SERVER_VERSION" ? server.version : name.ends_with("ENCODING") ? "UTF8" : "on";
  return {"SHOW", {std::string(trimmed(what).substr(0, kMaxNameBytes))}, {{value}}};
}

// "CREATE OR REPLACE TABLE x": "CREATE TABLE", as PostgreSQL's tags are.
std::string definition_tag(std::string_view statement) {
  std::string out;
  for (std::string_view word : words(statement.substr(0, 200), 8)) {
    std::string name = upper(word.substr(0, word.find_first_of("\r\n(;")));
    if (name == "OR" || name == "REPLACE" || name == "TEMP" || name == "TEMPORARY" || name == "UNIQUE")
      continue;
    if (!out.empty()) return out + " " + name.substr(0, 20);
    out = name;
  }
  return out;
}

}  // namespace

SqlAnswer answer_sql(std::string_view statement, const SqlServer& server) {
  statement = statement_of(statement);
  while (statement.ends_with(';')) statement = trimmed(statement.substr(0, statement.size() - 1));
  std::string verb = first_word(statement);
  if (statement.empty()) return {};
  std::string_view rest = statement.substr(std::min(verb.size(), statement.size()));
  if (verb == "SELECT") return select(rest, server);
  if (verb == "SHOW") return show(rest, server);
  if (verb == "WITH" || verb == "VALUES" || verb == "TABLE") return {"SELECT", {"?column?"}, {}};
  if (verb == "CREATE" || verb == "DROP" || verb == "ALTER") return {definition_tag(statement), {}, {}};
  return {verb.empty() ? "OK" : verb.substr(0, 20), {}, {}};
}

std::vector<std::string_view> split_sql(std::string_view text, size_t limit) {
  std::vector<std::string_view> out;
  while (out.size() < limit) {
    size_t end = out.size() + 1 == limit ? std::string_view::npos
                                         : find_outside(text, [&](size_t i) { return text[i] == ';'; });
    if (std::string_view one = trimmed(text.substr(0, end)); !one.empty()) out.push_back(one);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace assay::sinkhole
