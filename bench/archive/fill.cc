// Every scan's road through the store, in the groups of a busy scheduler; and what it comes to on disk.
#include <rocksdb/db.h>

#include <algorithm>
#include <memory>

#include "bench/archive/archive.h"
#include "bench/archive/samples.h"
#include "common/codec.h"

namespace assay::archive {
namespace {

constexpr size_t kGroup = 50;
constexpr int64_t kFirst = 1'793'491'200'000'000'000;  // 2026-11-01, as the ids say

void commit(Store& store, const std::vector<StoreBatch>& group) {
  for (const Status& status : sure(store.commit(group))) sure(status);
}

struct Road {
  std::vector<StoreBatch> batches;
  size_t trace_bytes = 0, report_bytes = 0;
};

ScanRecord queued_record(size_t number) {
  ScanRecord record;
  record.scan_id = scan_id_of(number);
  record.submission.job.ref = "registry.example:5000/team-" + std::to_string(number % 50) + "/service-" +
                              std::to_string(number % 5000) + ":v1.2." + std::to_string(number / 5000);
  record.submission.tenant = "platform";
  record.submitted_ns = kFirst + static_cast<int64_t>(number) * 100'000'000;
  return record;
}

Road road_of(const Sample& sample, size_t number) {
  ScanRecord queued = queued_record(number), leased = queued;
  leased.state = ScanState::leased;
  leased.attempt = 1;
  leased.agent = "agent-" + std::to_string(number % 20);
  ScanRecord shipped = leased;
  shipped.state = ScanState::shipped;
  TraceHeader header = sample.header;
  header.scan_id = queued.scan_id;
  header.attempt = 1;
  shipped.digest = header.image.digest;
  shipped.tracer_version = header.tracer_version;

  Road road;
  road.batches = {Keep::submitted(queued), Keep::moved(queued, leased)};
  const auto& chunks = sample.chunks[number / 5 % kVariants];
  for (size_t i = 0; i < chunks.size(); ++i) {
    road.batches.push_back(sure(Keep::chunk(leased, static_cast<uint32_t>(i), chunks[i])));
    road.trace_bytes += chunks[i].size();
  }
  TraceFooter footer = sample.footer;
  footer.chunks = static_cast<uint32_t>(chunks.size());
  footer.artifact_chunks = 0;
  road.batches.push_back(sure(Keep::shipped(leased, shipped, header, footer)));
  ScanRecord done = shipped;
  done.state = ScanState::done;
  done.verdict = sample.verdict;
  done.score = sample.score;
  done.finished_ns = queued.submitted_ns + 30'000'000'000;
  std::string report = report_of(sample, number);
  road.report_bytes = report.size();
  road.batches.push_back(Keep::reported(shipped, done, report, traits_of_scan(sample, number)));
  return road;
}

}  // namespace

void fill(const std::string& store_dir, size_t scans) {
  std::vector<Sample> samples = load_samples(ASSAY_SOURCE_DIR);
  auto store = sure(Store::open(store_dir, Store::Mode::read_write));
  sure(Keep(*store).upgrade());
  size_t traits = 0, trace_bytes = 0, report_bytes = 0;
  for (const Sample& sample : samples) traits += sample.traits.size();
  double start = seconds_now();
  for (size_t number = 0; number < scans;) {
    std::vector<StoreBatch> group;
    for (size_t end = std::min(number + kGroup, scans); number < end; ++number) {
      Road road = road_of(samples[number % samples.size()], number);
      trace_bytes += road.trace_bytes;
      report_bytes += road.report_bytes;
      for (StoreBatch& batch : road.batches) group.push_back(std::move(batch));
    }
    commit(*store, group);
    if (number % 10'000 == 0) std::printf("filled: %zu scans after %.0f s\n", number, seconds_now() - start);
  }
  std::printf("%zu scans of %zu traces; on average %.1f kB of trace, %.1f kB of report, %zu traits\n", scans,
              samples.size(), static_cast<double>(trace_bytes) / static_cast<double>(scans) / 1e3,
              static_cast<double>(report_bytes) / static_cast<double>(scans) / 1e3, traits / samples.size());
}

void tell_sizes(const std::string& store_dir, size_t scans) {
  rocksdb::DBOptions options;
  std::vector<std::string> names;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  if (!rocksdb::DB::ListColumnFamilies(options, store_dir, &names).ok()) std::exit(1);
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::OpenForReadOnly(options, store_dir, families, &handles, &opened).ok()) std::exit(1);
  std::unique_ptr<rocksdb::DB> db(opened);
  double all = 0;
  for (auto* handle : handles) {
    rocksdb::ColumnFamilyMetaData data;
    db->GetColumnFamilyMetaData(handle, &data);
    double bytes = static_cast<double>(data.size + data.blob_file_size) / static_cast<double>(scans);
    size_t files = data.file_count + data.blob_file_count;
    all += bytes;
    if (bytes > 0) std::printf("  %-10s %10.0f bytes a scan, %zu files\n", data.name.c_str(), bytes, files);
    db->DestroyColumnFamilyHandle(handle);
  }
  std::printf("  %-10s %10.0f bytes a scan, without the log's last 64 MiB\n", "together", all);
}

}  // namespace assay::archive
