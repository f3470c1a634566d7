// A Docker daemon that does as it is told, and does nothing.
#include "tests/unit/sinkhole/site_kit.h"

namespace assay::sinkhole {
namespace {

class Containers : public SiteTest {
 protected:
  void SetUp() override { peer_.socket = "docker.sock"; }
  Answered call(const std::string& method, const std::string& path, const std::string& body = "") {
    return ask(answer_containers, method, "http://localhost" + path, body);
  }
};

TEST_F(Containers, AnswerOnTheSocketAndOnOpenPorts) {
  EXPECT_EQ(call("GET", "/_ping").answer.body, "OK");
  EXPECT_EQ(call("GET", "/_ping").header("Api-Version"), "1.43");
  peer_ = {};
  EXPECT_FALSE(call("GET", "/_ping").any);
  peer_.dst_port = 2375;
  EXPECT_TRUE(call("GET", "/_ping").any);
}

TEST_F(Containers, ShowADatabaseWithItsPassword) {
  auto list = call("GET", "/v1.43/containers/json?all=1").json();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(tokens(), "");
  auto inspect =
      call("GET", "/containers/" + list[0]["Id"].get<std::string>().substr(0, 12) + "/json").json();
  EXPECT_EQ(tokens(), "served docker_socket:/var/run/docker.sock\n");
  EXPECT_EQ(inspect["Config"]["Env"][0],
            "POSTGRES_PASSWORD=" + token("docker_socket:/var/run/docker.sock").text);
}

TEST_F(Containers, CreateAndStartWhateverIsAsked) {
  auto made = call("POST", "/v1.41/containers/create",
                   R"({"Image":"alpine","HostConfig":{"Binds":["/:/host"],"Privileged":true}})");
  EXPECT_EQ(made.answer.status, 201);
  std::string id = made.json()["Id"];
  EXPECT_EQ(id.size(), 64u);
  EXPECT_NE(call("POST", "/v1.41/containers/create", "{}").json()["Id"], id);
  EXPECT_EQ(call("POST", "/v1.41/containers/" + id + "/start").answer.status, 204);
  EXPECT_EQ(call("POST", "/v1.41/containers/" + id + "/wait").json()["StatusCode"], 0);
  EXPECT_EQ(call("GET", "/v1.41/containers/" + id + "/logs?stdout=1").answer.status, 200);
  EXPECT_EQ(call("GET", "/v1.41/containers/" + id + "/json").json()["Id"], id);
  auto exec = call("POST", "/containers/" + id + "/exec", R"({"Cmd":["id"]})");
  EXPECT_EQ(exec.answer.status, 201);
  EXPECT_EQ(call("POST", "/exec/" + exec.json()["Id"].get<std::string>() + "/start", "{}").answer.status,
            200);
  EXPECT_EQ(call("DELETE", "/containers/" + id).answer.status, 204);
  EXPECT_NE(call("POST", "/images/create?fromImage=alpine&tag=3").answer.body.find("Pulling from alpine"),
            std::string::npos);
  EXPECT_EQ(call("GET", "/nothing").answer.status, 404);
  EXPECT_EQ(call("GET", "/").answer.status, 404);
}

}  // namespace
}  // namespace assay::sinkhole
