// The bare library, with the options that matter to durability as the store sets them.
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <memory>
#include <string>

#include "bench/farm_sim/raw.h"

namespace assay::bench {

Result<RawCommits> raw_commits(const std::filesystem::path& dir, const RawCommit& what) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  auto status = rocksdb::DB::Open(options, dir, &opened);
  if (!status.ok()) return Error{Errc::io, status.ToString()};
  std::unique_ptr<rocksdb::DB> db(opened);
  rocksdb::WriteOptions synced;
  synced.sync = true;
  std::string value(what.value_bytes, ' ');
  for (size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>('a' + (i * 7 + i / 11) % 26);
  uint64_t batches = 0, key = 0;
  auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() < begin + what.time) {
    rocksdb::WriteBatch batch;
    for (size_t i = 0; i < what.puts; ++i) {
      std::string name = std::to_string(1000000000000u + key++);
      if (auto put = batch.Put(name, value); !put.ok()) return Error{Errc::io, put.ToString()};
    }
    status = db->Write(synced, &batch);
    if (!status.ok()) return Error{Errc::io, status.ToString()};
    ++batches;
  }
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return RawCommits{static_cast<double>(batches * what.puts) / seconds,
                    static_cast<double>(batches) / seconds};
}

}  // namespace assay::bench
