// Bigrams do most of it; the rest catches what has too few letters for them.
#include "agent/sinkhole/dns/dns_dga.h"

#include <algorithm>
#include <array>

namespace assay::sinkhole {
namespace {

// How unlikely the column's letter is after the row's: -log2(p) - 1, from 0 to 9; two random letters cost 4
// to 5. Counted over the distinct words of Debian's package names and descriptions.
constexpr std::array<std::string_view, 26> kCost = {
    "74337647475232838232546656", "34343435345334335434355565", "26553762483358159343477768",
    "23441446265455349445466868", "45344658687332546123655367", "36463378197258269333476659",
    "36541554287353349234366878", "16541589277557258443378748", "40345549897442349443759596",
    "15342559396545335626355669", "25431545275555459434465859", "37652779096468369745468769",
    "14552667297347226645467859", "36332428375564358732458658", "54337548565331339233465588",
    "26452653396356338243477849", "45455746999249757451195569", "25441658294545259533458949",
    "36352663395445335631465749", "27452563295457248234475748", "44444548376332639222778597",
    "26541656197545359554597869", "26562565187553257434685589", "34343455396427526431596449",
    "34453547497333326423466597", "36591595269345396546556533"};

constexpr std::array<std::string_view, 11> kSecondLevels = {"co", "com", "net", "org", "gov", "edu",
                                                            "ac", "gob", "or",  "ne",  "go"};
// Under these everybody may have a name.
constexpr std::array<std::string_view, 17> kOpenSuffixes = {
    "dyndns.org",  "no-ip.com",     "no-ip.org",   "no-ip.biz", "ddns.net",   "hopto.org",
    "zapto.org",   "sytes.net",     "duckdns.org", "mooo.com",  "afraid.org", "dynv6.net",
    "dnsdojo.com", "servebeer.com", "myftp.org",   "myftp.biz", "dyndns.info"};

constexpr double kRandom = 2.2;
constexpr size_t kMinLabel = 5;

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_vowel(char c) { return std::string_view("aeiouy").find(c) != std::string_view::npos; }

// The last `count` labels.
std::string_view last_labels(std::string_view name, int count) {
  size_t at = name.size();
  for (; count > 0; --count) {
    if (at == 0) return name;
    at = name.rfind('.', at - 1);
    if (at == std::string_view::npos) return name;
  }
  return name.substr(at + 1);
}

struct Features {
  int cost = 0, pairs = 0, letters = 0, vowels = 0;
  int consonants = 0;  // the longest run of them
  int turns = 0;       // between digits and letters
};

Features features(std::string_view label) {
  Features out;
  int run = 0;
  for (size_t i = 0; i < label.size(); ++i) {
    char c = label[i];
    bool consonant = is_letter(c) && !is_vowel(c);
    run = consonant ? run + 1 : 0;
    out.consonants = std::max(out.consonants, run);
    out.letters += is_letter(c);
    out.vowels += is_vowel(c);
    if (i == 0) continue;
    char before = label[i - 1];
    out.turns += (is_letter(before) && is_digit(c)) || (is_digit(before) && is_letter(c));
    if (!is_letter(before) || !is_letter(c)) continue;
    ++out.pairs;
    out.cost += kCost[static_cast<size_t>(before - 'a')][static_cast<size_t>(c - 'a')] - '0';
  }
  return out;
}

}  // namespace

std::string_view registrable_domain(std::string_view name) {
  std::string_view two = last_labels(name, 2);
  size_t dot = two.find('.');
  if (dot == std::string_view::npos) return name;
  bool country = two.size() - dot - 1 == 2 && std::find(kSecondLevels.begin(), kSecondLevels.end(),
                                                        two.substr(0, dot)) != kSecondLevels.end();
  bool open = std::find(kOpenSuffixes.begin(), kOpenSuffixes.end(), two) != kOpenSuffixes.end();
  return country || open ? last_labels(name, 3) : two;
}

bool looks_random(std::string_view label) {
  if (label.size() < kMinLabel || label.starts_with("xn--")) return false;  // short, or not written in Latin
  Features f = features(label);
  double score = 0;
  if (f.pairs >= 3) score += (label.size() < 8 ? 2.2 : 3.0) * (static_cast<double>(f.cost) / f.pairs - 3.5);
  if (f.letters > 0 && f.vowels * 5 < f.letters) score += 0.8;
  score += 0.7 * std::max(0, f.consonants - 3);
  score += 0.8 * std::max(0, f.turns - 1);
  return score > kRandom;
}

bool DgaWatch::in_burst(int64_t now_ns) {
  while (!recent_.empty() && now_ns - recent_.front().time_ns > kWindowNs) recent_.pop_front();
  auto random = static_cast<size_t>(
      std::count_if(recent_.begin(), recent_.end(), [](const Asked& asked) { return asked.random; }));
  return random >= kBurst && random * 2 >= recent_.size();
}

bool DgaWatch::refuses(std::string_view name, int64_t now_ns) {
  std::string domain(registrable_domain(name));
  if (granted_.contains(domain)) return false;
  bool random = domain.find('.') != std::string::npos && looks_random(domain.substr(0, domain.find('.')));
  bool refuse = random && in_burst(now_ns);
  recent_.push_back({now_ns, random});
  if (recent_.size() > kMaxRecent) recent_.pop_front();
  if (refuse)
    ++refused_;
  else if (granted_.size() < kMaxGranted)
    granted_.insert(std::move(domain));
  return refuse;
}

}  // namespace assay::sinkhole
