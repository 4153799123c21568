// soakwatch salvage BROKEN.db NEW.db: what can still be read of a broken database.
#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "model/printable.h"
#include "storage/salvage.h"

namespace soakwatch {
namespace {

struct SalvageArguments {
  std::filesystem::path broken;
  std::filesystem::path fresh;
};

int salvage_file(const SalvageArguments& args) {
  const auto salvaged = salvage(args.broken, args.fresh);
  if (!salvaged) return report_error(salvaged.error());
  std::int64_t rows = 0;
  std::int64_t broken = 0;
  for (const SalvagedTable& table : salvaged->tables) {
    rows += table.rows;
    broken += table.broken_ranges;
    std::printf("%-14s %10lld rows", table.name.c_str(), static_cast<long long>(table.rows));
    if (table.broken_ranges > 0) {
      std::printf(", %lld unreadable range%s of ids", static_cast<long long>(table.broken_ranges),
                  table.broken_ranges == 1 ? "" : "s");
    }
    if (table.refused_rows > 0) {
      std::printf(", %lld rows of no sense left out", static_cast<long long>(table.refused_rows));
    }
    std::printf("\n");
  }
  std::fprintf(stderr, "%lld rows of %s are in %s%s\n", static_cast<long long>(rows),
               printable(args.broken.string()).c_str(), printable(args.fresh.string()).c_str(),
               broken == 0 ? ", all that were there" : "; what is unreadable is left out");
  return rows > 0 ? kExitDone : kExitError;
}

}  // namespace

void add_salvage_command(CLI::App& app, int& status) {
  auto args = std::make_shared<SalvageArguments>();
  CLI::App* command =
      app.add_subcommand("salvage", "Read what is left of a broken database into a new one");
  command->add_option("broken", args->broken, "The database; it stays as it is")
      ->required()
      ->type_name("BROKEN.db");
  command->add_option("new", args->fresh, "The file to make")->required()->type_name("NEW.db");
  command->footer(
      "The daemon moves a broken database aside as FILE.corrupt-<UTC time>. Exit status 1: nothing "
      "could be read.");
  command->callback([args, &status] { status = salvage_file(*args); });
}

}  // namespace soakwatch
