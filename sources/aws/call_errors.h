// call_errors: what AWS says when it refuses, in words, and what to do about it: try again, renew the
// credentials, give up. For call and sts; pure.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "sources/aws/credentials.h"
#include "sources/http.h"

namespace assay::sources::aws {

/// A failure as AWS names it; empty where the answer is none of its.
struct Refusal {
  std::string code, message;  // "ThrottlingException"; neither is fit to show yet
};

/// From a JSON service: "__type" or "code" of the body, or x-amzn-errortype.
Refusal read_refusal(const HttpReply& reply);

enum class Next : uint8_t {
  give_up,
  again,      // the service failed
  throttled,  // it asks to be left alone for a while
  renew,      // the credentials have expired, or are known no more
};
Next what_next(int status, const std::string& code);

/// The whole error: "ecr DescribeRepositories in eu-west-1: ...". No secret of `as` is in it, whatever AWS
/// repeats; where its clock and ours disagree it says so.
Error refused(const std::string& what, const HttpReply& reply, const Refusal& refusal, const Credentials& as,
              int64_t now_s);

/// printable(), cut, and `as`'s secret and token blotted out.
std::string without_secrets(std::string text, const Credentials& as);

}  // namespace assay::sources::aws
