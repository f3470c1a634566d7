// docs/openapi.yaml held against the server: the same routes, the same roles, and answers as it says, from
// the real loop with an agent that speaks the wire.
#include <gtest/gtest.h>

#include <set>

#include "scheduler/api/routes.h"
#include "scheduler/export/export.h"
#include "scheduler/sweeps/sweeper.h"
#include "tests/unit/scheduler/api_fixture.h"
#include "tests/unit/scheduler/openapi_schema.h"
#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(c));
  return text;
}

struct Operation {
  std::string method, path, id;
  YAML::Node node;
};

class OpenapiTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    config_.reload = [] { return Reload(); };
    ASSERT_TRUE(store_->write(Keep::agent_mode("gone", "draining").ops));
    start();
    sweeps::SweeperConfig sweeps;
    sweeps.clients = config_.clients;
    sweeps.endpoint = "inproc://sweeps-" + config_.clients.substr(config_.clients.rfind('-') + 1);
    sweeps.workers = 2;
    auto sweeper = sweeps::Sweeper::start(context_, sweeps, *store_, metrics_);
    ASSERT_TRUE(sweeper) << sweeper.error().what;
    sweeper_.emplace(std::move(*sweeper));
    api_.emplace(context_, *store_, config_.clients,
                 [&](api::ApiConfig& config) { config.sweeps = sweeps.endpoint; });
    // Both know the admin's token as their secret.
    api_->add_hook("night registry ci " + Digest::of(api_->token("admin")).str());
    api_->add_hook("hub dockerhub ci " + Digest::of(api_->token("admin")).str());
    for (const auto& path : file_.root()["paths"])
      for (const auto& entry : path.second)
        if (entry.first.as<std::string>() != "parameters")
          operations_.push_back({upper(entry.first.as<std::string>()), path.first.as<std::string>(),
                                 entry.second["operationId"].as<std::string>(), entry.second});
  }
  void TearDown() override {
    api_.reset();
    sweeper_.reset();
    ServerTest::TearDown();
  }

  static api::Roles roles_of(const Operation& operation) {
    api::Roles roles = 0;
    for (const auto& role : operation.node["x-roles"]) roles |= *api::parse_roles(role.as<std::string>());
    return roles;
  }
  YAML::Node response(const Operation& operation, int status) const {
    return file_.resolved(operation.node["responses"][std::to_string(status)]);
  }
  /// The answer has a status that the file knows for it, and the body that belongs to it.
  void expect_documented(const Operation& operation, const HttpAnswer& answer) {
    YAML::Node described = response(operation, answer.status);
    ASSERT_TRUE(described.IsDefined() && described.IsMap())
        << operation.id << " answers " << answer.status << ", which is not in the file: " << answer.body;
    bool known = !described["content"].IsDefined();
    for (const auto& content : described["content"]) {
      auto type = content.first.as<std::string>();
      if (answer.head.find("Content-Type: " + type) == std::string::npos) continue;
      known = true;
      seen_.insert(operation.id + " " + type);
      if (!type.ends_with("json")) continue;
      Json body = Json::parse(answer.body, nullptr, false);
      ASSERT_FALSE(body.is_discarded()) << operation.id << ": " << answer.body;
      EXPECT_EQ(file_.check(content.second["schema"], body), "") << operation.id << ": " << answer.body;
    }
    EXPECT_TRUE(known) << operation.id << answer.head;
  }
  static std::string example(const Operation& operation) {
    YAML::Node request = operation.node["requestBody"];
    return request.IsDefined() ? to_json(request["content"]["application/json"]["example"]).dump() : "";
  }
  static Json to_json(const YAML::Node& node) {
    if (node.IsSequence()) {
      Json list = Json::array();
      for (const auto& item : node) list.push_back(to_json(item));
      return list;
    }
    if (node.IsMap()) {
      Json object = Json::object();
      for (const auto& item : node) object[item.first.as<std::string>()] = to_json(item.second);
      return object;
    }
    Json number = Json::parse(node.as<std::string>(), nullptr, false);
    return number.is_number() ? number : Json(node.as<std::string>());
  }

  /// A farm with something in every state; the targets that answer well for each operation.
  std::map<std::string, std::string> furnish() {
    Socket worker = agent();
    auto submit = [&](const std::string& ref) {
      std::string body = R"({"scans":[{"ref":")" + ref + R"("}]})";
      return api_->json(202, "POST", "/v1/scans", "ci", body)["scan_ids"][0].get<std::string>();
    };
    std::string done = submit("oci:/tmp/done");
    want(worker);
    ship_with_artifacts(worker, expect<wire::Lease>(worker), {"PK", "more"});
    for (int i = 0; i < 200 && record(done).state != ScanState::done; ++i)
      std::this_thread::sleep_for(milliseconds(20));  // until it is scored
    std::string cancelled = submit("oci:/tmp/cancelled"), open = submit("oci:/tmp/open");
    api_->json(200, "POST", "/v1/scans/" + cancelled + "/cancel", "ci");
    std::string batch =
        api_->json(201, "POST", "/v1/batches", "ci", R"({"images":[{"ref":"oci:/tmp/b"}]})")["batch_id"];
    std::string scan = "/v1/scans/", batches = "/v1/batches/" + batch;
    worker_.emplace(std::move(worker));
    for (const char* name : {"kept", "removed"})  // nobody listens there
      api_->json(
          201, "POST", "/v1/sweeps", "ci",
          Json{{"name", name}, {"sources", {{{"registry", "127.0.0.1:1"}, {"insecure", true}}}}}.dump());
    api_->json(200, "POST", "/v1/sweeps/kept/run", "ci");
    return {{"showScan", scan + open},
            {"showReport", scan + done + "/report"},
            {"searchScans", "/v1/search?path=/tmp/x"},
            {"showArtifacts", scan + done + "/artifacts"},
            {"showTrace", scan + done + "/trace"},
            {"pinScan", scan + done + "/pin"},
            {"unpinScan", scan + done + "/pin"},
            {"cancelScan", scan + open + "/cancel"},
            {"retryScan", scan + cancelled + "/retry"},
            {"rescoreScan", scan + done + "/rescore"},
            {"showBatch", batches},
            {"rerunBatch", batches + "/rerun"},
            {"cancelBatch", batches + "/cancel"},
            {"showSweep", "/v1/sweeps/kept"},
            {"putSweep", "/v1/sweeps/kept"},
            {"deleteSweep", "/v1/sweeps/removed"},
            {"listSweepRuns", "/v1/sweeps/kept/runs"},
            {"showSweepReport", "/v1/sweeps/kept/report"},
            {"orderSweep", "/v1/sweeps/kept/pause"},
            {"forgetAgent", "/v1/agents/gone"},
            {"setAgentMode", "/v1/agents/agent-1/drain"},
            {"takeHook", "/v1/hooks/night"},
            {"takeHookByPath", "/v1/hooks/hub/" + api_->token("admin")},
            {"streamEvents", "/v1/events?scan=" + done}};
  }

  Openapi file_{ASSAY_SOURCE_DIR "/docs/openapi.yaml"};
  std::vector<Operation> operations_;
  std::set<std::string> seen_;  // "showReport text/csv": what answers came as
  Metrics metrics_;
  std::optional<sweeps::Sweeper> sweeper_;
  std::optional<ApiHarness> api_;
  std::optional<Socket> worker_;
};

TEST_F(OpenapiTest, TheFileAndTheServerHaveTheSameRoutesAndRoles) {
  std::set<std::string> file, server;
  for (const Operation& operation : operations_) {
    bool open = operation.node["security"].IsDefined();
    EXPECT_EQ(open, roles_of(operation) == 0) << operation.id;
    file.insert(operation.method + " " + operation.path + " " + api::to_string(roles_of(operation)));
  }
  for (const api::Route& route : api::routes())
    server.insert(std::string(route.method) + " " + std::string(route.path) + " " +
                  api::to_string(route.roles));
  EXPECT_EQ(file, server);
}

TEST_F(OpenapiTest, TheServerServesTheFile) {
  EXPECT_EQ(api_->call("GET", "/v1/openapi.yaml", "").body,
            *read_file(ASSAY_SOURCE_DIR "/docs/openapi.yaml", 1 << 20));
}

TEST_F(OpenapiTest, EveryRouteAsksForItsTokenAndRoleAsTheFileSays) {
  for (const Operation& operation : operations_) {
    if (roles_of(operation) == 0) continue;
    std::string body = operation.method == "POST" ? "{}" : "";
    HttpAnswer nobody = api_->call(operation.method, operation.path, "", body);
    EXPECT_EQ(nobody.status, 401) << operation.id;
    expect_documented(operation, nobody);
    for (const char* role : {"submit", "read", "operate"}) {
      if (roles_of(operation) & *api::parse_roles(role)) continue;
      HttpAnswer denied = api_->call(operation.method, operation.path, role, body);
      EXPECT_EQ(denied.status, 403) << operation.id << " by " << role;
      expect_documented(operation, denied);
    }
  }
}

TEST_F(OpenapiTest, EveryRouteAnswersAsTheFileSays) {
  auto targets = furnish();
  for (const Operation& operation : operations_) {
    auto target = targets.find(operation.id);
    HttpAnswer answer =
        api_->call(operation.method, target == targets.end() ? operation.path : target->second, "admin",
                   example(operation));
    EXPECT_EQ(answer.status / 100, 2) << operation.id << ": " << answer.body;
    expect_documented(operation, answer);
  }
}

TEST_F(OpenapiTest, AReportComesInEveryFormThatTheFileNames) {
  std::string target = furnish()["showReport"];
  for (const Operation& operation : operations_) {
    if (operation.id != "showReport") continue;
    std::set<std::string> forms{"json", "text"}, named;
    for (const ExportForm& form : export_forms()) forms.emplace(form.name);
    for (const auto& word : operation.node["parameters"][0]["schema"]["enum"]) {
      auto format = word.as<std::string>();
      named.insert(format);
      HttpAnswer answer = api_->call("GET", target + "?format=" + format, "read");
      EXPECT_EQ(answer.status, 200) << format << answer.body;
      expect_documented(operation, answer);
      bool saved = answer.head.find("Content-Disposition: attachment; filename=\"") != std::string::npos;
      EXPECT_EQ(saved, format != "json" && format != "text") << format;
    }
    EXPECT_EQ(named, forms);
    EXPECT_EQ(seen_.size(), response(operation, 200)["content"].size());
  }
}

TEST_F(OpenapiTest, WhatIsNotThereIsDocumentedToo) {
  for (const Operation& operation : operations_) {
    size_t id = operation.path.find("{id}");
    if (id == std::string::npos) continue;
    std::string path = operation.path;
    path.replace(id, 4, "20200101T000000-00000000");
    if (size_t order = path.find("{order}"); order != std::string::npos) path.replace(order, 7, "drain");
    HttpAnswer answer = api_->call(operation.method, path, "admin", operation.method == "POST" ? "{}" : "");
    EXPECT_EQ(answer.status, 404) << operation.id << ": " << answer.body;
    expect_documented(operation, answer);
  }
}

TEST(ApiDocs, NameEveryMetric) {
  std::string source = *read_file(ASSAY_SOURCE_DIR "/scheduler/metrics.cc", 1 << 20) +
                       *read_file(ASSAY_SOURCE_DIR "/scheduler/sweeps/sweep_metrics.h", 1 << 20);
  std::string docs = *read_file(ASSAY_SOURCE_DIR "/docs/api.md", 1 << 20);
  std::regex name("\"(assay_[a-z_]+)\"");
  size_t found = 0;
  for (std::sregex_iterator it(source.begin(), source.end(), name), end; it != end; ++it, ++found)
    EXPECT_NE(docs.find("`" + (*it)[1].str()), std::string::npos) << (*it)[1] << " is not in docs/api.md";
  EXPECT_GT(found, 30u);
}

// The test's own eyes: what it would not see, it cannot vouch for.
TEST_F(OpenapiTest, ASchemaSeesWhatIsWrong) {
  YAML::Node scan = file_.root()["components"]["schemas"]["NewBatch"];
  EXPECT_EQ(file_.check(scan, Json{{"batch_id", "20200101T000000-00000000"}, {"scan_ids", Json::array()}}),
            "");
  EXPECT_EQ(file_.check(scan, Json{{"batch_id", "20200101T000000-00000000"}}), " lacks scan_ids");
  EXPECT_NE(file_.check(scan, Json{{"batch_id", "x"}, {"scan_ids", Json::array()}}), "");
  EXPECT_NE(file_.check(scan, Json{{"batch_id", "20200101T000000-00000000"}, {"scan_ids", Json::array({7})}}),
            "");
  EXPECT_NE(file_.check(scan, Json::array()), "");
}

}  // namespace
}  // namespace assay
