// seccheck_fields: what the messages of schema/seccheck.proto mean, field by field. Internal to
// seccheck_decode.
#pragma once

#include "agent/trace/seccheck_decode.h"
#include "common/event.h"
#include "schema/seccheck.pb.h"

namespace assay {

void put_context(Event& e, const seccheck::Context& c);
void put_exit(Event& e, const seccheck::Exit& exit);
void fill(Event& e, const seccheck::Start& m);
void fill(Event& e, const seccheck::ExecveInfo& m);
void fill(Event& e, const seccheck::CloneInfo& m);
void fill(Event& e, const seccheck::TaskExit& m);
void fill(Event& e, const seccheck::Raw& m);
void fill(Event& e, const seccheck::Open& m);
void fill(Event& e, const seccheck::Address& m, SeccheckType type);
void fill(Event& e, const seccheck::Socket& m);
void fill(Event& e, const seccheck::Chdir& m);
void fill(Event& e, const seccheck::Chroot& m);
void fill(Event& e, const seccheck::Setid& m);
void fill(Event& e, const seccheck::Setresid& m);
void fill(Event& e, const seccheck::Dup& m);
void fill(Event& e, const seccheck::Pipe& m);
void fill(Event& e, const seccheck::SocketPair& m);

}  // namespace assay
