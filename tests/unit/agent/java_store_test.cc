// Java's trust stores: against Java's own keytool where there is one, and against hostile bytes.
#include "agent/stage/java_store.h"

#include "agent/lure/authority.h"
#include "agent/stage/pkcs12.h"
#include "tests/unit/agent/test_image.h"

namespace assay {
namespace {

std::string unhex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

// The smallest store that keytool writes: no entries.
const std::string kEmpty = unhex("feedfeed0000000200000000e2686e45fb43dfa4d992dd41ceb6b21c6330d792");

struct Certificate {
  std::string pem, der;
};
Certificate certificate() {
  auto pem = lure::Authority::create();
  auto forms = lure::certificate_forms(pem->cert);
  return {pem->cert, forms->der};
}

class JavaStore : public testing::Test {
 protected:
  static std::string add(const std::string& store, const std::string& der, const std::string& alias) {
    auto out = add_to_java_store(store, der, alias);
    return out ? *out : to_string(out.error().code);
  }
  // What keytool lists: the aliases, and whether it takes the password.
  std::string keytool_list(const std::string& store, const std::string& more = "") {
    std::filesystem::path path = dir_.path() / "cacerts";
    EXPECT_TRUE(write_file(path, store));
    std::vector<std::string> argv = {"keytool", "-list", "-keystore", path, "-storepass", "changeit"};
    if (!more.empty()) argv.push_back(more);
    auto out = test::run_program(argv);
    return out ? out->out + out->err : out.error().what;
  }
  // A store of keytool's own with one certificate, "first".
  std::string keytool_store(const std::string& type, const Certificate& first) {
    std::filesystem::path path = dir_.path() / ("store." + type), pem = dir_.path() / "first.pem";
    std::filesystem::remove(path);
    EXPECT_TRUE(write_file(pem, first.pem));
    auto out = test::run_program({"keytool", "-importcert", "-noprompt", "-alias", "first", "-file", pem,
                                  "-keystore", path, "-storetype", type, "-storepass", "changeit"});
    EXPECT_TRUE(out && out->status.shell_code() == 0) << (out ? out->out + out->err : out.error().what);
    auto bytes = read_file(path, 1 << 20);
    return bytes ? *bytes : "";
  }
  test::TempDir dir_;
};

TEST_F(JavaStore, JavaItselfReadsWhatWasAddedToEitherKind) {
  if (!find_program("keytool")) GTEST_SKIP() << "needs keytool (default-jre-headless)";
  Certificate first = certificate(), ours = certificate(), third = certificate();
  for (const char* type : {"JKS", "PKCS12"}) {
    std::string store = keytool_store(type, first);
    std::string once = add(store, ours.der, "our root");
    std::string twice = add(once, third.der, "our root");
    std::string list = keytool_list(twice, "-rfc");
    EXPECT_NE(list.find("contains 3 entries"), std::string::npos) << type << list;
    EXPECT_NE(list.find("first"), std::string::npos) << list;
    EXPECT_NE(list.find("our root2"), std::string::npos) << list;
    for (const Certificate& each : {first, ours, third}) {
      std::string body = each.pem.substr(0, each.pem.find("\n-----END"));
      list.erase(std::remove(list.begin(), list.end(), '\r'), list.end());
      EXPECT_NE(list.find(body), std::string::npos) << type;
    }
  }
}

TEST_F(JavaStore, PasswordOfItsOwnLeavesItAlone) {
  if (!find_program("keytool")) GTEST_SKIP() << "needs keytool (default-jre-headless)";
  std::string store = keytool_store("JKS", certificate());
  store.back() = static_cast<char>(store.back() ^ 1);  // as if sealed with another
  EXPECT_EQ(add(store, "der", "a"), "unsupported");
}

TEST_F(JavaStore, Pkcs12IsReadUnlessItWouldTakeTooLong) {
  Certificate first = certificate(), ours = certificate();
  std::filesystem::path pem = dir_.path() / "first.pem", path = dir_.path() / "store.p12";
  ASSERT_TRUE(write_file(pem, first.pem));
  auto store = [&](std::vector<std::string> more) {
    std::vector<std::string> argv = {"openssl", "pkcs12", "-export", "-nokeys", "-in", pem, "-out", path};
    argv.insert(argv.end(), more.begin(), more.end());
    auto out = test::run_program(argv);
    EXPECT_TRUE(out && out->status.shell_code() == 0) << (out ? out->err : out.error().what);
    return *read_file(path, 1 << 20);
  };
  std::string out = add(store({"-passout", "pass:changeit"}), ours.der, "a");
  EXPECT_NE(out.find(first.der), std::string::npos) << out;
  EXPECT_NE(out.find(ours.der), std::string::npos);
  out = add(store({"-passout", "pass:", "-certpbe", "NONE", "-nomac"}), ours.der, "a");  // as since Java 18
  EXPECT_NE(out.find(first.der), std::string::npos) << out;
  EXPECT_EQ(add(store({"-passout", "pass:other"}), ours.der, "a"), "unsupported");
  EXPECT_EQ(add(store({"-passout", "pass:changeit", "-iter", "400000"}), ours.der, "a"), "unsupported");
}

TEST_F(JavaStore, EmptyStoreTakesOne) {
  Certificate ours = certificate();
  std::string out = add(kEmpty, ours.der, "a");
  EXPECT_NE(out.find(ours.der), std::string::npos) << out;
  std::string again = add(out, ours.der, "a");
  EXPECT_NE(again.find(std::string("\0\2a2", 4)), std::string::npos);
}

TEST_F(JavaStore, HostileStoresAreRefused) {
  EXPECT_EQ(add("", "d", "a"), "corrupt");
  EXPECT_EQ(add("nonsense that is no store at all", "d", "a"), "corrupt");
  EXPECT_EQ(add(kEmpty.substr(0, 20), "d", "a"), "corrupt");
  EXPECT_EQ(add(std::string(kMaxJavaStoreBytes + 1, 'x'), "d", "a"), "limit");
  std::string many = kEmpty;
  many[8] = 0x7f;  // two billion entries
  EXPECT_EQ(add(many, "d", "a"), "limit");
  many[8] = 0;
  many[10] = 1;  // 256 that are not there
  EXPECT_EQ(add(many, "d", "a"), "corrupt");
}

TEST_F(JavaStore, AnyChangedByteOfAStoreIsSurvived) {
  std::string store = add(kEmpty, certificate().der, "a");
  uint32_t random = 7;
  for (int round = 0; round < 4000; ++round) {
    std::string bytes = store;
    random = random * 1664525 + 1013904223;
    bytes[(random >> 8) % bytes.size()] = static_cast<char>(random >> 3);
    if (round % 4 == 0) bytes.resize((random >> 8) % bytes.size());
    auto out = add_to_java_store(bytes, "d", "a");
    EXPECT_TRUE(out || out.error().code != Errc::io);
  }
}

}  // namespace
}  // namespace assay
