// Redirects: where they lead, and what does not go along.
#include <gtest/gtest.h>

#include "sources/http.h"
#include "tests/unit/sources/servers.h"

namespace assay::sources {
namespace {

using Request = httplib::Request;
using Response = httplib::Response;

std::string shown(const Result<HttpReply>& reply) {
  if (!reply) return to_string(reply.error().code);
  return std::to_string(reply->status) + " " + reply->body;
}

auto send_to(const std::string& url, int status = 307) {
  return [url, status](const Request&, Response& response) { response.set_redirect(url, status); };
}

// Tells what it was told of whom.
void tell(const Request& request, Response& response) {
  response.set_content(request.method + " " + request.get_header_value("Authorization") + "," +
                           request.get_header_value("X-Amz-Security-Token") + "," +
                           request.get_header_value("Accept") + "," + request.body,
                       "text/plain");
}

HttpAsk secretive(const std::string& url) {
  HttpAsk ask;
  ask.url = url;
  ask.follow = true;
  ask.headers = {
      {"authorization", "Bearer s3cret"}, {"X-Amz-Security-Token", "s3cret"}, {"Accept", "text/x"}};
  return ask;
}

TEST(HttpRedirect, AuthorizationStaysWithItsHostAndPort) {
  Served thief;
  thief->Get("/", tell);
  thief.start();
  Served server;
  server->Get("/here", tell);
  server->Get("/away", send_to(thief.url()));
  server->Get("/stay", send_to("here"));
  server->Get("/name", send_to("http://localhost:" + std::to_string(thief.port()) + "/"));
  server->Get("/back", send_to("//" + thief.host() + "/"));
  server.start();
  Http http;
  EXPECT_EQ(shown(http.ask(secretive(server.url("/stay")))), "200 GET Bearer s3cret,s3cret,text/x,");
  for (const char* path : {"/away", "/name", "/back"}) {
    auto reply = http.ask(secretive(server.url(path)));
    EXPECT_EQ(shown(reply), "200 GET ,,text/x,") << path;
  }
  HttpAsk basic = secretive(server.url("/away"));
  basic.headers.clear();
  basic.basic = {"robot", "s3cret"};
  EXPECT_EQ(shown(http.ask(basic)), "200 GET ,,*/*,");
  EXPECT_EQ(http.ask(basic)->url, thief.url());
}

TEST(HttpRedirect, WhatLeftItsHostIsGivenBackNothingUponReturn) {
  Served first, second;
  first->Get("/a", [&](const Request&, Response& response) { response.set_redirect(second.url("/b"), 302); });
  second->Get("/b", [&](const Request&, Response& response) { response.set_redirect(first.url("/c"), 302); });
  first->Get("/c", tell);
  first.start();
  second.start();
  Http http;
  EXPECT_EQ(shown(http.ask(secretive(first.url("/a")))), "200 GET ,,text/x,");
}

TEST(HttpRedirect, FiveAndNoMore) {
  Served server;
  server->Get(R"(/(\d+))", [](const Request& request, Response& response) {
    int left = std::stoi(request.matches[1]);
    if (left) response.set_redirect("/" + std::to_string(left - 1), 301);
  });
  server.start();
  Http http;
  HttpAsk ask;
  ask.url = server.url("/5");
  EXPECT_EQ(shown(http.ask(ask)), "301 ");
  ask.follow = true;
  EXPECT_EQ(shown(http.ask(ask)), "200 ");
  ask.url = server.url("/6");
  EXPECT_EQ(shown(http.ask(ask)), "limit");
}

TEST(HttpRedirect, ABodyIsNotSentOn) {
  Served server;
  server->Post("/", send_to("/there"));
  server.start();
  Http http;
  HttpAsk ask;
  ask.url = server.url();
  ask.method = "POST";
  ask.body = "refresh_token=s3cret";
  ask.follow = true;
  EXPECT_EQ(shown(http.ask(ask)), "307 ");
}

TEST(HttpRedirect, LeadsNeitherToOtherSchemesNorToMetadata) {
  Served server;
  server->Get("/file", send_to("file:///etc/passwd"));
  server->Get("/gopher", send_to("gopher://127.0.0.1/"));
  server->Get("/user", send_to("http://a:b@127.0.0.1/"));
  server->Get("/metadata", send_to("http://169.254.169.254/latest/meta-data/"));
  server->Get("/hex", send_to("http://0xa9fea9fe/"));
  server->Get("/none", [](const Request&, Response& response) { response.status = 302; });
  server.start();
  Http http;
  HttpAsk ask;
  ask.follow = true;
  for (const char* path : {"/file", "/gopher", "/user", "/metadata", "/hex"}) {
    ask.url = server.url(path);
    EXPECT_EQ(shown(http.ask(ask)), "denied") << path;
  }
  ask.url = server.url("/none");
  EXPECT_EQ(shown(http.ask(ask)), "302 ");
}

}  // namespace
}  // namespace assay::sources
