// A request as options of libcurl, and its answer as libcurl hands it over.
#include "sources/http_transfer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>

#include "common/ascii.h"
#include "common/fd.h"
#include "common/text.h"
#include "common/words.h"

namespace assay::sources {
namespace {

constexpr size_t kMaxCaBytes = 4 << 20;

// Remembers the first option that was refused: without one of them a request may say more than it should.
class Options {
 public:
  explicit Options(CURL* easy) : easy_(easy) {}
  template <class T>
  void set(CURLoption option, T value) {
    CURLcode code = curl_easy_setopt(easy_, option, value);
    if (code != CURLE_OK && failed_ == CURLE_OK) failed_ = code;
  }
  Status done() const {
    if (failed_ == CURLE_OK) return Status();
    return Error{Errc::io, std::string("libcurl: ") + curl_easy_strerror(failed_)};
  }

 private:
  CURL* easy_;
  CURLcode failed_ = CURLE_OK;
};

size_t take_body(char* data, size_t size, size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  size_t n = size * count;
  if (n > transfer.limit_bytes - transfer.reply.body.size()) {
    transfer.body_too_large = true;
    return 0;
  }
  transfer.reply.body.append(data, n);
  return n;
}

// A line at a time; those of "100 Continue" come first, and are forgotten, but count.
size_t take_header(char* data, size_t size, size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  std::string_view line(data, size * count);
  transfer.header_bytes += line.size();
  if (transfer.header_bytes > kMaxHeaderBytes) {
    transfer.headers_too_large = true;
    return 0;
  }
  if (line.starts_with("HTTP/")) transfer.reply.headers.clear();
  size_t colon = line.find(':');
  if (colon != line.npos && !line.starts_with("HTTP/"))
    transfer.reply.headers.emplace(ascii_lower(trimmed(line.substr(0, colon))),
                                   trimmed(line.substr(colon + 1)));
  return line.size();
}

bool link_local(const curl_sockaddr& address) {
  if (address.family == AF_INET)
    return (ntohl(reinterpret_cast<const sockaddr_in&>(address.addr).sin_addr.s_addr) >> 16) == 0xa9fe;
  return address.family == AF_INET6 &&
         IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6&>(address.addr).sin6_addr);
}

// libcurl's own sockets would stay open in the programs that we start.
curl_socket_t open_socket(void* context, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (!transfer.first_hop && link_local(*address)) {
    transfer.address_refused = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

Status set_headers(const HttpAsk& ask, Transfer& transfer, Options& options) {
  auto headers = ask.headers;
  if (ask.signing && !ask.signing->session_token.empty())
    headers.emplace_back("X-Amz-Security-Token", ask.signing->session_token);
  for (const auto& [name, value] : headers) {
    if (name.empty() || (name + value).find_first_of(std::string("\r\n\0", 3)) != std::string::npos)
      return Error{Errc::invalid, "header '" + printable(name, 100) + "' holds a line break or NUL"};
    std::string line = value.empty() ? name + ";" : name + ": " + value;
    curl_slist* longer = curl_slist_append(transfer.headers.get(), line.c_str());
    if (!longer) return Error{Errc::io, "no memory for the headers of a request"};
    transfer.headers.release();
    transfer.headers.reset(longer);
  }
  options.set(CURLOPT_HTTPHEADER, transfer.headers.get());
  return Status();
}

// Without "Expect: 100-continue": libcurl asks so above 1 MiB only, which nobody here sends.
void set_method(const HttpAsk& ask, Options& options) {
  bool bodiless = ask.method == "GET" || ask.method == "HEAD" || ask.method == "DELETE";
  if (!ask.body.empty() || !bodiless) {
    options.set(CURLOPT_POST, 1L);
    options.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(ask.body.size()));
    options.set(CURLOPT_POSTFIELDS, ask.body.c_str());
  }
  if (ask.method == "HEAD")
    options.set(CURLOPT_NOBODY, 1L);
  else if (ask.method != "GET" && ask.method != "POST")
    options.set(CURLOPT_CUSTOMREQUEST, ask.method.c_str());
}

Result<std::string> pem(const std::string& path) {
  auto bytes = read_file(path, kMaxCaBytes);
  if (!bytes) return Error{bytes.error().code, "certificates " + bytes.error().what};
  if (bytes->find("-----BEGIN ") == std::string::npos)
    return Error{Errc::invalid, path + " holds no certificate in PEM"};
  return *bytes;
}

// $SSL_CERT_FILE in place of the host's bundle, as skopeo has it.
std::string host_bundle(CURL* easy) {
  const char* named = std::getenv("SSL_CERT_FILE");
  char* built_in = nullptr;
  if (!named || !*named) curl_easy_getinfo(easy, CURLINFO_CAINFO, &built_in);
  return named && *named ? named : built_in ? built_in : "";
}

// As one blob, rather than by OpenSSL's context: libcurl goes by it when it decides which connections and TLS
// sessions may be used again, so that what one list of authorities has let through serves no other list.
Status set_tls(CURL* easy, const HttpTls& tls, Transfer& transfer, Options& options) {
  options.set(CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  options.set(CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  options.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  std::string bundle = host_bundle(easy);
  if (tls.ca_files.empty() || !tls.verify) {
    if (!bundle.empty()) options.set(CURLOPT_CAINFO, bundle.c_str());
  } else {
    if (auto host = pem(bundle))
      transfer.ca_bundle = *host + "\n";  // a host without is as good as an empty one
    for (const std::string& file : tls.ca_files) {
      ASSAY_TRY(std::string more, pem(file));
      transfer.ca_bundle += more + "\n";
    }
    curl_blob blob{transfer.ca_bundle.data(), transfer.ca_bundle.size(), CURL_BLOB_NOCOPY};
    options.set(CURLOPT_CAINFO_BLOB, &blob);
  }
  if (tls.client_cert.empty()) return Status();
  options.set(CURLOPT_SSLCERT, tls.client_cert.c_str());
  options.set(CURLOPT_SSLKEY, (tls.client_key.empty() ? tls.client_cert : tls.client_key).c_str());
  return Status();
}

void set_identity(const HttpAsk& ask, Options& options) {
  if (ask.signing) {
    std::string scheme = "aws:amz:" + ask.signing->region + ":" + ask.signing->service;
    options.set(CURLOPT_AWS_SIGV4, scheme.c_str());
    options.set(CURLOPT_USERNAME, ask.signing->key_id.c_str());
    options.set(CURLOPT_PASSWORD, ask.signing->secret.c_str());
  } else if (ask.basic) {
    options.set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    options.set(CURLOPT_USERNAME, ask.basic->first.c_str());
    options.set(CURLOPT_PASSWORD, ask.basic->second.c_str());
  }
}

}  // namespace

Status prepare(CURL* easy, const HttpAsk& ask, std::chrono::milliseconds whole, Transfer& transfer) {
  transfer.limit_bytes = ask.limit_bytes;
  Options options(easy);
  options.set(CURLOPT_URL, ask.url.c_str());
  options.set(CURLOPT_PROTOCOLS_STR, "http,https");
  options.set(CURLOPT_FOLLOWLOCATION, 0L);
  options.set(CURLOPT_PATH_AS_IS, 1L);
  options.set(CURLOPT_NOSIGNAL, 1L);
  options.set(CURLOPT_QUICK_EXIT, 1L);  // a resolver that hangs is left to its thread, and holds up no stop
  options.set(CURLOPT_NOPROGRESS, 1L);
  options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  options.set(CURLOPT_ERRORBUFFER, transfer.error);
  options.set(CURLOPT_USERAGENT, "assay");
  options.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(ask.connect, whole).count()));
  options.set(CURLOPT_TIMEOUT_MS, static_cast<long>(whole.count()));
  if (!ask.proxy) options.set(CURLOPT_PROXY, "");
  options.set(CURLOPT_WRITEFUNCTION, &take_body);
  options.set(CURLOPT_WRITEDATA, &transfer);
  options.set(CURLOPT_HEADERFUNCTION, &take_header);
  options.set(CURLOPT_HEADERDATA, &transfer);
  options.set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  options.set(CURLOPT_OPENSOCKETDATA, &transfer);
  ASSAY_CHECK(set_headers(ask, transfer, options));
  set_method(ask, options);
  ASSAY_CHECK(set_tls(easy, ask.tls, transfer, options));
  set_identity(ask, options);
  return options.done();
}

}  // namespace assay::sources
