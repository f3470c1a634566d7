// One function a persona. Names and numbers follow from the seed, so that no two scans share one.
#include "agent/stage/persona.h"

#include "agent/lure/encodings.h"
#include "agent/lure/forms.h"
#include "agent/lure/places.h"
#include "agent/lure/ssh_key.h"
#include "common/digest.h"

namespace assay {
namespace {

using lure::Draw;
using lure::Lures;
using lure::Token;

constexpr const char* kRegions[] = {"eu-central-1", "eu-west-1", "us-east-1", "us-east-2", "us-west-2"};

std::string region(const Lures& lures) { return Draw(lures.seed, "region").one_of(kRegions); }

// Each honeytoken that is a variable, and the id that stands beside a cloud's secret.
void add_tokens(const Lures& lures, std::vector<std::string>& env) {
  for (const Token& token : lures.tokens) {
    if (!token.place.starts_with(lure::kEnvPlace)) continue;
    env.push_back(token.place.substr(lure::kEnvPlace.size()) + "=" + token.text);
    if (token.kind == "aws_key") env.push_back("AWS_ACCESS_KEY_ID=" + token.values[0]);
  }
}

void add(std::vector<std::string>& to, std::vector<std::string> more) {
  for (std::string& one : more) to.push_back(std::move(one));
}

void kubernetes(const Lures& lures, Surroundings& out) {
  const std::string address = lure::kClusterAddress, dir = lure::kServiceAccountDir;
  add(out.env, {"KUBERNETES_SERVICE_HOST=" + address, "KUBERNETES_SERVICE_PORT=443",
                "KUBERNETES_SERVICE_PORT_HTTPS=443", "KUBERNETES_PORT=tcp://" + address + ":443",
                "KUBERNETES_PORT_443_TCP=tcp://" + address + ":443", "KUBERNETES_PORT_443_TCP_PROTO=tcp",
                "KUBERNETES_PORT_443_TCP_PORT=443", "KUBERNETES_PORT_443_TCP_ADDR=" + address});
  out.props.push_back({dir + "/namespace", lure::kNamespace, 0644});
  if (!lures.authority_cert.empty()) out.props.push_back({dir + "/ca.crt", lures.authority_cert, 0644});
}

void ci(const Lures& lures, Surroundings& out) {
  Draw draw(lures.seed, "ci");
  const std::string owner = lure::company(lures.seed), domain = lure::domain(lures.seed);
  const std::string project = owner + "/platform", commit = to_hex(draw.bytes(20));
  const std::string run = draw.digits(11), pipeline = draw.digits(6), job = draw.digits(7);
  add(out.env, {"CI=true",
                "GITHUB_ACTIONS=true",
                "GITHUB_ACTOR=" + owner + "-deploy",
                "GITHUB_REPOSITORY=" + project,
                "GITHUB_REPOSITORY_OWNER=" + owner,
                "GITHUB_SERVER_URL=https://github.com",
                "GITHUB_API_URL=https://api.github.com",
                "GITHUB_EVENT_NAME=push",
                "GITHUB_REF=refs/heads/main",
                "GITHUB_REF_NAME=main",
                "GITHUB_SHA=" + commit,
                "GITHUB_WORKFLOW=release",
                "GITHUB_JOB=build",
                "GITHUB_RUN_ID=" + run,
                "GITHUB_RUN_NUMBER=" + draw.digits(3),
                "GITHUB_WORKSPACE=/__w/platform/platform",
                "RUNNER_OS=Linux",
                "RUNNER_ARCH=X64",
                "RUNNER_NAME=runner-" + draw.digits(2),
                "GITLAB_CI=true",
                "CI_SERVER_URL=https://gitlab." + domain,
                "CI_API_V4_URL=https://gitlab." + domain + "/api/v4",
                "CI_PROJECT_PATH=" + project,
                "CI_PROJECT_ID=" + draw.digits(4),
                "CI_PIPELINE_ID=" + pipeline,
                "CI_JOB_ID=" + job,
                "CI_JOB_STAGE=release",
                "CI_COMMIT_SHA=" + commit,
                "CI_COMMIT_BRANCH=main",
                "CI_COMMIT_REF_NAME=main",
                "CI_REGISTRY=registry." + domain,
                "TWINE_USERNAME=__token__",
                "AWS_DEFAULT_REGION=" + region(lures)});
}

void cloud(const Lures& lures, Surroundings& out) {
  Draw draw(lures.seed, "cloud");
  const std::string task = to_hex(draw.bytes(16)), container = draw.digits(10);
  add(out.env,
      {"AWS_REGION=" + region(lures), "AWS_DEFAULT_REGION=" + region(lures), "AWS_EXECUTION_ENV=AWS_ECS_EC2",
       "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/" + draw.uuid(),
       "ECS_CONTAINER_METADATA_URI=http://169.254.170.2/v3/" + task + "-" + container,
       "ECS_CONTAINER_METADATA_URI_V4=http://169.254.170.2/v4/" + task + "-" + container});
  out.hosts.emplace_back("169.254.169.254", "metadata.google.internal");
}

// What lies beside honeytokens in a home.
void furnish(const Lures& lures, const Home& home, Surroundings& out) {
  auto put = [&](const std::string& name, std::string content, uint32_t mode) {
    out.props.push_back({home.path + name, std::move(content), mode, home.uid, home.gid});
  };
  put("/.aws/config", "[default]\nregion = " + region(lures) + "\noutput = json\n", 0600);
  const std::string key = "ssh_key:" + home.path + "/.ssh/id_ed25519";
  if (!lures.find(key)) return;
  put("/.ssh/id_ed25519.pub", lure::draw_ssh_key(lures.seed, key).public_line, 0644);
  Draw draw(lures.seed, "known hosts");
  std::string host_key = lure::make_ssh_key(draw.bytes(32), "host", "").public_line;
  put("/.ssh/known_hosts",
      "git." + lure::domain(lures.seed) + " " + host_key.substr(0, host_key.rfind(' ')) + "\n", 0600);
}

}  // namespace

Surroundings surroundings(const Lures& lures, const std::vector<Home>& homes) {
  Surroundings out;
  for (const Home& home : homes) furnish(lures, home, out);
  add_tokens(lures, out.env);
  switch (lures.persona) {
    case Persona::kubernetes:
      kubernetes(lures, out);
      break;
    case Persona::ci:
      ci(lures, out);
      break;
    case Persona::cloud:
      cloud(lures, out);
      break;
    case Persona::bare:
      break;
  }
  return out;
}

}  // namespace assay
