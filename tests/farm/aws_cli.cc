// An environment of its own, so that nobody's ~/.aws is read.
#include "tests/farm/aws_cli.h"

#include <unistd.h>

namespace assay::farm {

namespace {
constexpr const char* kProgram = "/usr/bin/aws";
}

bool has_aws_cli() { return ::access(kProgram, X_OK) == 0; }

Result<Output> aws_cli(const std::string& url, const AwsKey& key, const std::string& region,
                       std::vector<std::string> arguments) {
  Command command;
  command.argv = {kProgram, "--endpoint-url", url, "--output", "json", "--no-cli-pager"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  std::vector<std::string> env = {"PATH=/usr/bin:/bin",
                                  "HOME=/nonexistent",
                                  "LC_ALL=C.UTF-8",
                                  "AWS_EC2_METADATA_DISABLED=true",
                                  "AWS_MAX_ATTEMPTS=1",
                                  "AWS_REGION=" + region,
                                  "AWS_ACCESS_KEY_ID=" + key.id,
                                  "AWS_SECRET_ACCESS_KEY=" + key.secret};
  if (!key.session_token.empty()) env.push_back("AWS_SESSION_TOKEN=" + key.session_token);
  command.env = std::move(env);
  return run(std::move(command), std::chrono::seconds(60), 16 << 20);
}

}  // namespace assay::farm
