// git's smart HTTP (gitprotocol-http): every repository exists. A clone finds one commit with a canary script
// and a Makefile that runs it; a push is taken, and what it brings is looked through for honeytokens, object
// by object. Only version 0 of the protocol is spoken, which every client understands.
#include <algorithm>

#include "agent/sinkhole/talk.h"
#include "agent/sinkhole/web/git_pack.h"
#include "agent/sinkhole/web/services.h"

namespace assay::sinkhole {
namespace {

constexpr std::string_view kInfoRefs = "/info/refs", kUpload = "/git-upload-pack",
                           kReceive = "/git-receive-pack";
constexpr std::string_view kNoId = "0000000000000000000000000000000000000000";
constexpr std::string_view kBranch = "refs/heads/main";
constexpr std::string_view kAgent = "agent=git/2.43.0";

WebAnswer pkt_answer(std::string body, const std::string& type) {
  return {200, "application/x-git-" + type, std::move(body), {{"Cache-Control", "no-cache"}}};
}

struct Repository {
  std::vector<GitObject> objects;  // the commit first
  Canary script;
};

// The same whenever it is asked for: what a client wants by id was advertised in an earlier request.
Repository repository(std::string_view path, const WebRequest& request, Scene& scene) {
  Repository out;
  const std::string name = request.host + std::string(path);
  out.script = scene.canaries.make_named(CanaryKind::shell, name + "/install.sh");
  GitObject script{GitObject::Type::blob, out.script.bytes};
  GitObject makefile{GitObject::Type::blob, "all install:\n\tsh ./install.sh\n\n.PHONY: all install\n"};
  GitObject tree{GitObject::Type::tree, ""};
  auto entry = [&](std::string_view mode_and_name, const GitObject& object) {
    tree.content.append(mode_and_name);
    tree.content += '\0';
    tree.content += object.raw_id();
  };
  entry("100644 Makefile", makefile);
  entry("100755 install.sh", script);
  const std::string who =
      lure::company(scene.lures.seed) + " <dev@" + lure::domain(scene.lures.seed) + "> 1718000000 +0000";
  GitObject commit{GitObject::Type::commit,
                   "tree " + tree.id() + "\nauthor " + who + "\ncommitter " + who + "\n\nRelease\n"};
  out.objects = {commit, tree, makefile, script};
  return out;
}

WebAnswer advertise(std::string_view path, const std::string& service, const WebRequest& request,
                    Moment& moment) {
  std::string out = pkt_line("# service=" + service + "\n") + std::string(kFlush);
  if (service == "git-receive-pack") {
    std::string line = std::string(kNoId) + " capabilities^{}";
    line += '\0';
    out += pkt_line(line + "report-status delete-refs ofs-delta " + std::string(kAgent) + "\n");
  } else {
    const std::string commit = repository(path, request, moment.scene).objects[0].id();
    std::string line = commit + " HEAD";
    line += '\0';
    out += pkt_line(line + "symref=HEAD:" + std::string(kBranch) + " no-progress shallow " +
                    std::string(kAgent) + "\n");
    out += pkt_line(commit + " " + std::string(kBranch) + "\n");
  }
  return pkt_answer(out + std::string(kFlush), service.substr(4) + "-advertisement");
}

void tell_canary(const Canary& canary, const std::string& leaf, const WebRequest& request, Moment& moment) {
  Report report = canary_report(canary, request, moment.peer);
  report.path += "#" + leaf;
  moment.told.push_back(std::move(report));
}

// Wants and haves are not looked at: there is but one commit to be had. Without side-band the pack follows as
// it is.
WebAnswer upload(std::string_view path, const WebRequest& request, Moment& moment) {
  Repository repo = repository(path, request, moment.scene);
  std::string shallow;
  std::string_view rest = request.body;
  bool done = false;
  while (auto line = take_pkt_line(rest)) {
    // A clone of some depth is told where history ends for it; this history has no more.
    if (line->payload.starts_with("deepen")) shallow = kFlush;
    done |= line->payload.starts_with("done");
  }
  if (!done) return pkt_answer(shallow + (shallow.empty() ? pkt_line("NAK\n") : ""), "upload-pack-result");
  tell_canary(repo.script, "install.sh", request, moment);
  return pkt_answer(shallow + pkt_line("NAK\n") + write_pack(repo.objects), "upload-pack-result");
}

// Tokens in the deflated objects, one stream for each; each token once a push.
void look_for_tokens(std::string_view pack, Moment& moment) {
  lure::TokenFinder::Stream stream;
  uint32_t current = 0;
  read_pack(pack, [&](uint32_t object, std::string_view piece) {
    if (object != current) stream.tail.clear();
    current = object;
    for (lure::TokenHit& hit : moment.scene.finder.scan(stream, piece)) {
      hit.encoding = hit.encoding == "plain" ? "git" : "git+" + hit.encoding;
      moment.told.push_back(token_sent(hit, moment.scene, moment.peer));
    }
  });
}

WebAnswer receive(const WebRequest& request, Moment& moment) {
  std::string_view rest = request.body;
  std::string report = pkt_line("unpack ok\n");
  bool commands = false;
  while (auto line = take_pkt_line(rest)) {
    if (line->special) break;
    // "<old> <new> <ref>\0capabilities"
    std::string_view command = line->payload.substr(0, line->payload.find('\0'));
    size_t ref = command.rfind(' ');
    if (command.size() < 2 * kNoId.size() + 3 || ref == std::string_view::npos) continue;
    command.remove_prefix(ref + 1);
    while (command.ends_with('\n')) command.remove_suffix(1);
    report += pkt_line("ok " + std::string(command) + "\n");
    commands = true;
  }
  if (!commands) return pkt_answer("", "receive-pack-result");  // git's probe before a large push
  look_for_tokens(rest, moment);
  return pkt_answer(report + std::string(kFlush), "receive-pack-result");
}

}  // namespace

std::optional<WebAnswer> answer_git(const WebRequest& request, Moment& moment) {
  std::string_view path = request.path;
  auto ends = [&](std::string_view with) {
    if (!path.ends_with(with)) return false;
    path.remove_suffix(with.size());
    return true;
  };
  if (request.method == "GET" && ends(kInfoRefs)) {
    std::string service = parameter(request.query, "service");
    if (service != "git-upload-pack" && service != "git-receive-pack") return std::nullopt;
    return advertise(path, service, request, moment);
  }
  if (request.method != "POST") return std::nullopt;
  if (ends(kUpload)) return upload(path, request, moment);
  if (ends(kReceive)) return receive(request, moment);
  return std::nullopt;
}

}  // namespace assay::sinkhole
