// Rules that the protos keep, so that a job file means in years what it means today.

#include "trainer/config/schema.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "trainer/config/job.pb.h"

namespace lockstep {
namespace {

namespace pb = google::protobuf;

// Every message that a job can hold.
std::set<const pb::Descriptor*> AllMessages() {
  std::set<const pb::Descriptor*> messages;
  const std::function<void(const pb::Descriptor*)> add = [&](const pb::Descriptor* message) {
    if (messages.insert(message).second) {
      for (int i = 0; i < message->field_count(); ++i) {
        if (message->field(i)->message_type() != nullptr) {
          add(message->field(i)->message_type());
        }
      }
    }
  };
  add(v1::Job::descriptor());
  return messages;
}

std::vector<const pb::FieldDescriptor*> AllFields() {
  std::vector<const pb::FieldDescriptor*> fields;
  for (const pb::Descriptor* message : AllMessages()) {
    for (int i = 0; i < message->field_count(); ++i) {
      fields.push_back(message->field(i));
    }
  }
  return fields;
}

TEST(Schema, WhetherASettingWasWrittenIsAlwaysKnown) {
  for (const pb::FieldDescriptor* field : AllFields()) {
    EXPECT_TRUE(field->is_repeated() || field->has_presence()) << field->full_name();
  }
}

TEST(Schema, NumbersAreLimited) {
  for (const pb::FieldDescriptor* field : AllFields()) {
    const v1::Setting& limits = field->options().GetExtension(v1::setting);
    const bool is_number = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_INT32 ||
                           field->cpp_type() == pb::FieldDescriptor::CPPTYPE_INT64 ||
                           field->cpp_type() == pb::FieldDescriptor::CPPTYPE_DOUBLE;
    if (is_number) {
      EXPECT_TRUE(limits.has_at_least() || limits.has_above()) << field->full_name();
      EXPECT_TRUE(limits.has_at_most() || limits.has_below()) << field->full_name();
    }
  }
}

TEST(Schema, OnlyTypesThatTheChecksKnowAreUsed) {
  using pb::FieldDescriptor;
  const std::set<FieldDescriptor::Type> known{
      FieldDescriptor::TYPE_INT32, FieldDescriptor::TYPE_INT64,  FieldDescriptor::TYPE_UINT64,
      FieldDescriptor::TYPE_BOOL,  FieldDescriptor::TYPE_DOUBLE, FieldDescriptor::TYPE_STRING,
      FieldDescriptor::TYPE_ENUM,  FieldDescriptor::TYPE_MESSAGE};
  for (const pb::FieldDescriptor* field : AllFields()) {
    EXPECT_TRUE(known.contains(field->type())) << field->full_name();
    EXPECT_FALSE(field->is_map()) << field->full_name();
  }
}

TEST(Schema, WhatIsRequiredHasNoDefault) {
  for (const pb::FieldDescriptor* field : AllFields()) {
    const v1::Setting& setting = field->options().GetExtension(v1::setting);
    EXPECT_FALSE(setting.required() && setting.has_default_value()) << field->full_name();
  }
}

TEST(Schema, AnEnumBeginsWithUnspecified) {
  for (const pb::FieldDescriptor* field : AllFields()) {
    if (field->enum_type() != nullptr) {
      EXPECT_TRUE(field->enum_type()->FindValueByNumber(0)->name().ends_with("_UNSPECIFIED"));
    }
  }
}

// protobuf silently skips a field whose name is reserved.
TEST(Schema, NoNameIsReserved) {
  for (const pb::Descriptor* message : AllMessages()) {
    EXPECT_EQ(message->reserved_name_count(), 0) << message->full_name();
  }
}

// A walk through the schema must end.
TEST(Schema, NoMessageContainsItself) {
  std::set<const pb::Descriptor*> around;
  const std::function<void(const pb::Descriptor*)> walk = [&](const pb::Descriptor* message) {
    ASSERT_TRUE(around.insert(message).second) << message->full_name();
    for (int i = 0; i < message->field_count(); ++i) {
      if (message->field(i)->message_type() != nullptr) {
        walk(message->field(i)->message_type());
      }
    }
    around.erase(message);
  };
  walk(v1::Job::descriptor());
}

int LargestNumber(const pb::Descriptor& message) {
  int largest = 0;
  for (int i = 0; i < message.field_count(); ++i) {
    largest = std::max(largest, message.field(i)->number());
  }
  return largest;
}

TEST(Schema, TheNextFreeNumberIsNotedBesideEachMessage) {
  std::map<std::string, int> noted;  // by the message's name
  for (const char* file : {"job", "model", "data", "training", "setting"}) {
    std::ifstream stream(std::string(LOCKSTEP_CONFIG_DIR) + "/" + file + ".proto");
    const std::string note = "Next free field number: ";
    int number = 0;
    for (std::string line; std::getline(stream, line);) {
      if (const size_t found = line.find(note); found != std::string::npos) {
        number = std::stoi(line.substr(found + note.size()));
      }
      if (const size_t found = line.find("message "); line.ends_with("{") && found < 3) {
        const size_t begin = found + 8;
        noted[line.substr(begin, line.find(' ', begin) - begin)] = number;
        number = 0;
      }
    }
  }
  for (const pb::Descriptor* message : AllMessages()) {
    if (message->field_count() > 0) {
      EXPECT_EQ(noted[message->name()], LargestNumber(*message) + 1) << message->full_name();
    }
  }
}

TEST(Schema, NamesItsEnumsAndOneofs) {
  EXPECT_EQ(EnumNames(*v1::Job::Reduction_descriptor()), "EXACT, FLOAT32");
  EXPECT_EQ(MemberNames(*v1::Optimizer::descriptor()->oneof_decl(0)),
            "sgd, adam, adamw, rmsprop, lars, lamb");
}

}  // namespace
}  // namespace lockstep
