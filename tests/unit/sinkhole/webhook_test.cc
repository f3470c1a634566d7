// Chat services and paste hosts, as their clients know them.
#include "tests/unit/sinkhole/site_kit.h"

namespace assay::sinkhole {
namespace {

class Webhook : public SiteTest {
 protected:
  Answered post(const std::string& url, const std::string& body) {
    return ask(answer_webhook, "POST", url, body);
  }
  Answered get(const std::string& url) { return ask(answer_webhook, "GET", url); }
};

TEST_F(Webhook, TelegramTakesMessagesOfAnyBot) {
  EXPECT_EQ(get("https://api.telegram.org/bot123456:AAE/getMe").json()["result"]["id"], 123456);
  auto sent = post("https://api.telegram.org/bot123456:AAE/sendMessage", "chat_id=77&text=got+%2Froot");
  EXPECT_EQ(sent.json()["ok"], true);
  EXPECT_EQ(sent.json()["result"]["chat"]["id"], 77);
  EXPECT_EQ(sent.json()["result"]["text"], "got /root");
  EXPECT_EQ(post("https://api.telegram.org/bot1:A/sendDocument", R"({"chat_id":-5})")
                .json()["result"]["chat"]["id"],
            -5);
  EXPECT_TRUE(get("https://api.telegram.org/bot1:A/getUpdates?offset=3").json()["result"].empty());
  EXPECT_EQ(get("https://api.telegram.org/").answer.status, 404);
}

TEST_F(Webhook, DiscordSlackAndTeamsTakeMessages) {
  EXPECT_EQ(post("https://discord.com/api/webhooks/12/abc", R"({"content":"x"})").answer.status, 204);
  EXPECT_EQ(post("https://discord.com/api/webhooks/12/abc?wait=true", R"({"content":"x"})").json()["content"],
            "x");
  EXPECT_EQ(get("https://discordapp.com/api/v10/webhooks/12/abc").json()["token"], "abc");
  EXPECT_EQ(post("https://hooks.slack.com/services/T0/B0/x", R"({"text":"x"})").answer.body, "ok");
  EXPECT_EQ(post("https://slack.com/api/chat.postMessage", R"({"channel":"C1"})").json()["channel"], "C1");
  EXPECT_EQ(post("https://acme.webhook.office.com/webhookb2/x", "{}").answer.body, "1");
}

TEST_F(Webhook, PasteHostsTellWhereItIs) {
  EXPECT_TRUE(post("https://pastebin.com/api/api_post.php", "api_paste_code=x")
                  .answer.body.starts_with("https://pastebin.com/"));
  EXPECT_EQ(ask(answer_webhook, "PUT", "https://transfer.sh/loot.tgz", "x").answer.status, 200);
  EXPECT_FALSE(get("https://pastebin.com/raw/abcd").any);  // a download
}

TEST_F(Webhook, AClientLearnsItsAddress) {
  std::string address = get("https://api.ipify.org/").answer.body;
  EXPECT_TRUE(address.starts_with("198.18."));
  EXPECT_EQ(get("https://ifconfig.me/ip").answer.body, address);
  EXPECT_EQ(get("https://ipinfo.io/json").json()["ip"].get<std::string>() + "\n", address);
}

TEST_F(Webhook, KnowsHostsByTheirWholeName) {
  EXPECT_FALSE(get("https://notslack.com/api/auth.test").any);
  EXPECT_FALSE(get("https://example.com/").any);
}

}  // namespace
}  // namespace assay::sinkhole
