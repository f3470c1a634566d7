// inflate: undoes gzip and deflate of a request's body, up to a bound: what a guest sends compressed is
// looked at all the same, and a bomb costs no more than the bound. The only code of the sinkhole that calls
// zlib to decompress.
#pragma once

#include <string>
#include <string_view>

namespace assay::sinkhole {

struct Inflated {
  std::string bytes;   // as far as it could be undone
  bool whole = false;  // false: damaged, cut, or longer than the bound
};

/// gzip (RFC 1952, also several members), zlib (RFC 1950), or raw deflate (RFC 1951), whichever it is:
/// clients call all of them "deflate".
Inflated inflate(std::string_view bytes, size_t limit);

}  // namespace assay::sinkhole
