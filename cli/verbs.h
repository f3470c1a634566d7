// verbs: the subcommands of assay, one function each. Each takes its arguments without the verb, and returns
// the process's exit code.
#pragma once

#include <string>
#include <vector>

namespace assay::cli {

using Args = std::vector<std::string>;

/// What the shell sees. Documented in README.md; scripts depend on it.
enum Exit : int {
  kBelowGate = 0,
  kFailed = 1,
  kUsage = 2,
  kAtGate = 10,
  kInconclusive = 11,
};

int scan(const Args& args);
int report(const Args& args);
int list(const Args& args);
int trace(const Args& args);
int artifacts(const Args& args);
int tokens(const Args& args);
int hooks(const Args& args);
int submit(const Args& args);
int batch(const Args& args);
int status(const Args& args);
int watch(const Args& args);
int cancel(const Args& args);
int retry(const Args& args);
int agents(const Args& args);
int capacity(const Args& args);
int keys(const Args& args);
int rules(const Args& args);
int hunt(const Args& args);
int search(const Args& args);
int rescore(const Args& args);
int prune(const Args& args);
int pin(const Args& args);
int unpin(const Args& args);
int sweep(const Args& args);
int images(const Args& args);
int diff(const Args& args);
int gate(const Args& args);
int vet(const Args& args);
int attest(const Args& args);
int verify(const Args& args);

}  // namespace assay::cli
