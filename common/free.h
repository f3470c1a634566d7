// free: deleters for what C libraries allocate: std::unique_ptr<X509, Free<X509_free>>.
#pragma once

namespace assay {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* what) const {
    free(what);
  }
};

}  // namespace assay
