// A reader of nlohmann's SAX events that knows where it stands.
#include "scheduler/api/order.h"

#include <nlohmann/json.hpp>

#include "common/text.h"
#include "scheduler/api/order_item.h"
#include "scheduler/submit.h"

namespace assay::api {
namespace {

using nlohmann::json;

enum class Kind { scans, batch };

class Reader {
 public:
  explicit Reader(Kind kind) : kind_(kind) {
    lane_.submission.lane = Lane::batch;
    lane_.mark(Field::lane);
  }
  OrderOrComplaint read(std::string_view body);

  // What nlohmann calls; false ends the parsing.
  bool null();
  bool boolean(bool value) { return scalar(value); }
  bool number_integer(int64_t) { return scalar(nullptr); }  // negative
  bool number_unsigned(uint64_t value) { return scalar(value); }
  bool number_float(double, const std::string&) { return scalar(nullptr); }
  bool string(std::string& value);
  bool binary(json::binary_t&) { return false; }  // not in JSON text
  bool start_object(size_t);
  bool key(std::string& name);
  bool end_object();
  bool start_array(size_t);
  bool end_array();
  bool parse_error(size_t position, const std::string& token, const json::exception&);

 private:
  enum class At { outside, top, list, item, item_labels, defaults, default_labels, batch_labels };
  enum class Top { none, list, name, labels, lane, defaults };

  bool fail(const std::string& what);
  bool check(const Status& status);
  template <class T>
  bool scalar(T value);
  bool top_key(const std::string& name);
  bool finish_order();
  size_t limit() const { return kind_ == Kind::scans ? kMaxOrderScans : kMaxOrderImages; }
  const char* list_name() const { return kind_ == Kind::scans ? "scans" : "images"; }
  Item& item() { return at_ == At::defaults ? defaults_ : items_.back(); }
  std::string place() const;

  Kind kind_;
  At at_ = At::outside;
  Top top_ = Top::none;
  unsigned tops_seen_ = 0;
  Field field_ = Field::none;
  std::string label_;
  Item defaults_, lane_;  // lane_: what images have whose lane is said nowhere else
  std::vector<Item> items_;
  Order order_;
  std::optional<Complaint> complaint_;
};

std::string Reader::place() const {
  std::string list = std::string(list_name()) + "[" + std::to_string(items_.size() - 1) + "]";
  std::string field = field_ == Field::none ? "" : std::string(".") + to_string(field_);
  switch (at_) {
    case At::item:
    case At::item_labels:
      return list + field;
    case At::defaults:
    case At::default_labels:
      return "defaults" + field;
    case At::batch_labels:
      return "labels";
    case At::list:
      return std::string(list_name()) + "[" + std::to_string(items_.size()) + "]";
    default:
      return top_ == Top::none   ? "the body"
             : top_ == Top::name ? "name"
             : top_ == Top::lane ? "lane"
                                 : "a field";
  }
}

bool Reader::fail(const std::string& what) {
  if (complaint_) return false;
  complaint_ = Complaint{{Errc::invalid, place() + " " + what}, std::nullopt};
  if (at_ == At::item || at_ == At::item_labels) complaint_->index = items_.size() - 1;
  if (at_ == At::list) complaint_->index = items_.size();
  return false;
}

bool Reader::check(const Status& status) { return status ? true : fail(status.error().what); }

// Number, truth value, or (nullptr) a number that no field takes.
template <class T>
bool Reader::scalar(T value) {
  if (at_ != At::item && at_ != At::defaults) return fail("is not what it should be");
  if constexpr (std::is_same_v<T, std::nullptr_t>)
    return fail("is not a whole number from 0 on");
  else
    return check(item().set(field_, value));
}

// As if the field had been left out.
bool Reader::null() {
  if (at_ == At::item || at_ == At::defaults || at_ == At::top) return true;
  return fail("is null");
}

bool Reader::string(std::string& value) {
  switch (at_) {
    case At::item:
    case At::defaults:
      return check(item().set(field_, value));
    case At::item_labels:
      return check(add_label(items_.back().submission.labels, label_, std::move(value)));
    case At::default_labels:
      return check(add_label(defaults_.submission.labels, label_, std::move(value)));
    case At::batch_labels:
      return check(add_label(order_.labels, label_, std::move(value)));
    case At::top:
      if (top_ == Top::name && value.size() > kMaxNameBytes)
        return fail("is longer than " + std::to_string(kMaxNameBytes) + " bytes");
      if (top_ == Top::name) order_.name = std::move(value);
      if (top_ == Top::lane) return check(lane_.set(Field::lane, value));
      return top_ == Top::name || fail("is not what it should be");
    default:
      return fail("is not an object");
  }
}

bool Reader::start_object(size_t) {
  if (at_ == At::outside) {
    at_ = At::top;
  } else if (at_ == At::list) {
    if (items_.size() == limit())
      return fail("is more than the " + std::to_string(limit()) + " that are taken at once");
    items_.emplace_back();
    field_ = Field::none;
    at_ = At::item;
  } else if ((at_ == At::item || at_ == At::defaults) && field_ == Field::labels) {
    at_ = at_ == At::item ? At::item_labels : At::default_labels;
  } else if (at_ == At::top && top_ == Top::defaults) {
    field_ = Field::none;
    at_ = At::defaults;
  } else if (at_ == At::top && top_ == Top::labels) {
    at_ = At::batch_labels;
  } else {
    return fail("is an object, which it should not be");
  }
  return true;
}

bool Reader::top_key(const std::string& name) {
  constexpr std::pair<const char*, Top> kBatchTops[] = {
      {"name", Top::name}, {"labels", Top::labels}, {"lane", Top::lane}, {"defaults", Top::defaults}};
  top_ = name == list_name() ? Top::list : Top::none;
  if (kind_ == Kind::batch)
    for (const auto& [word, top] : kBatchTops)
      if (name == word) top_ = top;
  if (top_ == Top::none) return fail("has a field '" + printable(name, 64) + "', which there is not");
  unsigned bit = 1u << static_cast<unsigned>(top_);
  if (tops_seen_ & bit) return fail("is given twice");
  tops_seen_ |= bit;
  return true;
}

bool Reader::key(std::string& name) {
  if (at_ == At::top) return top_key(name);
  if (at_ != At::item && at_ != At::defaults) {
    label_ = std::move(name);
    return true;
  }
  field_ = field_of(name);
  // A batch's images differ in them, or in their registry.
  bool own =
      at_ == At::item || (field_ != Field::ref && field_ != Field::once && field_ != Field::registry_auth);
  if (field_ == Field::none || !own || (kind_ == Kind::batch && field_ == Field::batch)) {
    field_ = Field::none;
    return fail("has a field '" + printable(name, 64) + "', which there is not");
  }
  if (item().has(field_)) return fail("is given twice");
  item().mark(field_);
  return true;
}

bool Reader::end_object() {
  switch (at_) {
    case At::item:
      at_ = At::list;
      break;
    case At::item_labels:
      at_ = At::item;
      break;
    case At::default_labels:
      at_ = At::defaults;
      break;
    case At::defaults:
    case At::batch_labels:
      at_ = At::top;
      break;
    default:
      at_ = At::outside;
  }
  return true;
}

bool Reader::start_array(size_t) {
  if (at_ != At::top || top_ != Top::list) return fail("is a list, which it should not be");
  at_ = At::list;
  return true;
}

bool Reader::end_array() {
  at_ = At::top;
  return true;
}

bool Reader::parse_error(size_t position, const std::string&, const json::exception&) {
  if (!complaint_)
    complaint_ =
        Complaint{{Errc::invalid, "the body is not JSON from byte " + std::to_string(position) + " on"}, {}};
  return false;
}

bool Reader::finish_order() {
  at_ = At::outside;
  top_ = Top::none;
  if (items_.empty()) return fail(std::string("has no ") + list_name());
  defaults_.complete(lane_);
  defaults_.mark(Field::lane);
  order_.submissions.reserve(items_.size());
  for (size_t i = 0; i < items_.size(); ++i) {
    if (kind_ == Kind::batch) items_[i].complete(defaults_);
    Status ok = check_submission(items_[i].submission);
    if (!ok) {
      complaint_ = Complaint{ok.error().context(std::string(list_name()) + "[" + std::to_string(i) + "]"), i};
      return false;
    }
    order_.submissions.push_back(std::move(items_[i].submission));
  }
  return true;
}

OrderOrComplaint Reader::read(std::string_view body) {
  bool ok = json::sax_parse(body, this) && finish_order();
  if (ok) return std::move(order_);
  if (!complaint_) (void)fail("is not a request");
  return std::move(*complaint_);
}

}  // namespace

OrderOrComplaint read_scans(std::string_view body) { return Reader(Kind::scans).read(body); }
OrderOrComplaint read_batch(std::string_view body) { return Reader(Kind::batch).read(body); }

}  // namespace assay::api
