// Small things, once.
#include "agent/sinkhole/web/services.h"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "agent/sinkhole/web/packages.h"
#include "common/digest.h"

namespace assay::sinkhole {
namespace {

constexpr size_t kMaxJsonBytes = 1 << 20;
constexpr int kMaxDepth = 64;

// How deep a document's lists and objects lie in each other.
int depth(std::string_view text) {
  int open = 0, most = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted && c == '\\') ++i;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '[' || c == '{') most = std::max(most, ++open);
    if (c == ']' || c == '}') --open;
  }
  return most;
}

std::string decode(std::string_view text) {
  std::string out(text);
  std::replace(out.begin(), out.end(), '+', ' ');
  return percent_decoded(out);
}

}  // namespace

// What a guest sent may be in it, and need not be UTF-8.
WebAnswer json_answer(const nlohmann::ordered_json& body, int status) {
  return {status,
          "application/json",
          body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
          {}};
}

WebAnswer text_answer(std::string body, int status, std::string type) {
  return {status, std::move(type), std::move(body), {}};
}

// To write a document anew takes stack for each of its levels.
nlohmann::ordered_json parse_object(std::string_view text) {
  auto none = nlohmann::ordered_json::object();
  if (text.size() > kMaxJsonBytes || depth(text) > kMaxDepth) return none;
  auto out = nlohmann::ordered_json::parse(text, nullptr, false);
  return out.is_object() ? out : none;
}

const lure::Token* hand_out(std::string_view place, Moment& moment, std::string_view kind) {
  const lure::Token* token = moment.scene.lures.at(place, kind);
  if (token) moment.told.push_back(token_served(*token, moment.peer));
  return token;
}

std::vector<std::string_view> path_parts(std::string_view path) {
  std::vector<std::string_view> out;
  for (size_t begin = 0; begin < path.size();) {
    size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) out.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

std::string parameter(std::string_view query, std::string_view name) {
  for (size_t begin = 0; begin < query.size();) {
    size_t end = std::min(query.find('&', begin), query.size());
    std::string_view pair = query.substr(begin, end - begin);
    size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name) return decode(pair.substr(std::min(equals + 1, pair.size())));
    begin = end + 1;
  }
  return "";
}

std::string hex_id(const Scene& scene, const std::string& purpose, size_t digits) {
  return to_hex(lure::derive(scene.lures.seed, "id " + purpose, (digits + 1) / 2)).substr(0, digits);
}

}  // namespace assay::sinkhole
