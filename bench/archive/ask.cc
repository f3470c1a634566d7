// The questions: in one process with the store open (warm), in one that has just opened it, with nothing of
// its files in memory (cold), and by the command. And the same answers from every report.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <random>

#include "bench/archive/archive.h"
#include "bench/archive/samples.h"
#include "scheduler/search.h"

namespace assay::archive {
namespace {

constexpr size_t kWarm = 300, kCold = 3;

struct Question {
  const char* name;
  TraitKind kind;
  std::function<std::string(size_t number)> text;
  size_t least;  // hits that there must be, of 50
};

std::vector<Question> questions(size_t scans) {
  size_t many = std::min<size_t>(50, scans / 1000);
  auto fixed = [](const char* text) { return [text](size_t) { return std::string(text); }; };
  return {
      {"domain, one scan's", TraitKind::domain,
       [](size_t n) { return "x" + own_digits(n) + "." + kOwnDomain; }, 1},
      {"domain, every 1000th's", TraitKind::domain,
       [](size_t n) { return "c2-" + shared_digits(n) + "." + kSharedDomain; }, many},
      {"domain, below it all", TraitKind::domain, fixed(kOwnDomain), 50},
      {"domain, in none", TraitKind::domain, fixed("nowhere.example"), 0},
      {"hash, whole, one's", TraitKind::hash, [](size_t n) { return own_digits(n) + std::string(56, '0'); },
       1},
      {"hash, 8 digits", TraitKind::hash, [](size_t n) { return own_digits(n); }, 1},
      {"path, whole, one's", TraitKind::path, [](size_t n) { return "/tmp/." + own_digits(n) + "/kworker"; },
       1},
      {"path, directory of all", TraitKind::path, fixed("/tmp/"), 50},
      {"path, name of all", TraitKind::path, fixed("kworker"), 50},
      {"technique", TraitKind::technique, fixed("T1496"), 50},
      {"address, one's", TraitKind::ip, [](size_t n) { return own_address(n); }, 1},
      {"network /16", TraitKind::ip, [](size_t n) { return own_address(n) + "/16"; }, 1},
      {"network /12 (16 words)", TraitKind::ip, [](size_t n) { return own_address(n) + "/12"; }, 1},
      {"network /17 (128 words)", TraitKind::ip, [](size_t n) { return own_address(n) + "/17"; }, 1},
  };
}

struct Times {
  std::vector<double> seconds;
  double at(double share) {
    std::sort(seconds.begin(), seconds.end());
    return seconds[static_cast<size_t>(share * static_cast<double>(seconds.size() - 1))] * 1e3;
  }
};

// What the kernel has of the files is given up: the next read comes from the disk.
void forget(const std::string& dir) {
  for (const auto& file : std::filesystem::directory_iterator(dir)) {
    int fd = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ::fdatasync(fd);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd);
  }
}

size_t hits_of(Store& store, const Question& question, size_t number) {
  SearchQuery query;
  query.any = {sure(parse_wanted(question.kind, question.text(number)))};
  return sure(search(Keep(store), query)).hits.size();
}

double command_seconds(std::vector<std::string> words) {
  double start = seconds_now();
  pid_t child = ::fork();
  if (child == 0) {
    int null = ::open("/dev/null", O_WRONLY);
    ::dup2(null, 1);
    ::dup2(null, 2);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) std::fprintf(stderr, "%s %s ended with %d\n", words[0].c_str(), words[1].c_str(), status);
  return seconds_now() - start;
}

// The plain way: every report read, and looked through.
void compare(Store& store, size_t scans) {
  for (const std::string& text : {"x" + own_digits(scans / 2) + "." + kOwnDomain, shared_digits(scans / 2)}) {
    double start = seconds_now();
    size_t found = 0, reports = 0;
    sure(store.scan(Family::reports, "", true, [&](std::string_view key, std::string_view value) {
      if (!key.ends_with("/report")) return true;
      ++reports;
      found += value.find(text) != std::string_view::npos ? 1 : 0;
      return true;
    }));
    double all = seconds_now() - start;
    SearchQuery query;
    query.limit = 1000;
    query.any = {sure(parse_wanted(text.size() == 8 ? TraitKind::hash : TraitKind::domain, text))};
    start = seconds_now();
    size_t hits = sure(search(Keep(store), query)).hits.size();
    double indexed = seconds_now() - start;
    std::printf("every report read for '%s': %zu of %zu in %.1f s; by the index %zu in %.2f ms: %.0f times\n",
                text.c_str(), found, reports, all, hits, indexed * 1e3, all / indexed);
  }
}

}  // namespace

bool ask(const std::string& data_dir, size_t scans) {
  std::string store_dir = data_dir + "/store", program = ASSAY_BIN_DIR "/assay";
  std::mt19937 random(1);
  bool right = true;
  for (int i = 0; i < 3; ++i) {
    double start = seconds_now();
    sure(Store::open(store_dir, Store::Mode::read_only));
    std::printf("opened for reading in %.1f ms\n", (seconds_now() - start) * 1e3);
  }
  std::printf(
      "\nmilliseconds           warm: median  worst | cold, with the opening: median  worst | command\n");
  for (const Question& question : questions(scans)) {
    Times warm, cold;
    auto once = [&](Store& store, size_t number) {
      size_t hits = hits_of(store, question, number);
      bool fits = question.least == 0 ? hits == 0 : hits >= question.least;
      if (!fits) std::printf("WRONG: %s %s: %zu\n", question.name, question.text(number).c_str(), hits);
      right = right && fits;
    };
    {
      auto store = sure(Store::open(store_dir, Store::Mode::read_only));
      once(*store, 0);
      for (size_t i = 0; i < kWarm; ++i) {
        size_t number = random() % scans;
        double start = seconds_now();
        once(*store, number);
        warm.seconds.push_back(seconds_now() - start);
      }
    }
    for (size_t i = 0; i < kCold; ++i) {
      forget(store_dir);
      double start = seconds_now();
      auto store = sure(Store::open(store_dir, Store::Mode::read_only));
      once(*store, random() % scans);
      cold.seconds.push_back(seconds_now() - start);
    }
    double command =
        command_seconds({program, "search", "--data", data_dir, std::string("--") + to_string(question.kind),
                         question.text(random() % scans)});
    std::printf("%-24s %10.2f %6.2f | %10.1f %6.1f | %6.1f\n", question.name, warm.at(0.5), warm.at(1),
                cold.at(0.5), cold.at(1), command * 1e3);
  }
  std::vector<std::string> list = {program, "list", "--data", data_dir, "--limit", "50"}, middle = list;
  middle.insert(middle.end(), {"--start", scan_id_of(scans / 2)});
  forget(store_dir);
  double cold = command_seconds(list);
  double first = command_seconds(list), later = command_seconds(middle);
  std::printf("assay list, a page of 50: cold %.1f ms; warm %.1f ms; from the middle %.1f ms\n", cold * 1e3,
              first * 1e3, later * 1e3);
  compare(*sure(Store::open(store_dir, Store::Mode::read_only)), scans);
  return right;
}

}  // namespace assay::archive
