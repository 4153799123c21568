#!/usr/bin/env python3
"""The man pages, from what the programs say with --help and from the example configuration, so that
they never say anything else."""

import argparse
import datetime
import os
import re
import subprocess
from pathlib import Path

HEADINGS = {"Options:": "options", "Positionals:": "positionals", "Subcommands:": "subcommands"}


class Help:
    """What `--help` printed, taken apart: description, usage, entries by heading, footer."""

    def __init__(self, text):
        self.usage = ""
        self.options, self.positionals, self.subcommands = [], [], []
        description, footer, entries = [], [], None
        for line in text.splitlines():
            if line.startswith("Usage: "):
                self.usage = line.removeprefix("Usage: ")
            elif line in HEADINGS:
                entries = getattr(self, HEADINGS[line])
            elif not self.usage:
                description.append(line)
            elif entries is not None and re.match(r"  \S", line):
                name, _, words = line.strip().partition("  ")
                entries.append([name, words.strip()])
            elif entries and re.match(r" {10,}\S", line):  # words that did not fit beside the name
                entries[-1][1] = f"{entries[-1][1]} {line.strip()}".strip()
            else:
                if line:
                    entries = None
                footer.append(line)
        self.description = " ".join(description).strip()
        self.footer = "\n".join(footer).strip()


def ask(program, *words):
    # No home folder and no variables: the same answer everywhere.
    done = subprocess.run([str(program), *words, "--help"], env={"LC_ALL": "C.UTF-8"}, check=True,
                          capture_output=True, text=True)
    return Help(done.stdout)


def escaped(text):
    """For roff: no minus becomes a hyphen, no line is a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def paragraph(text):
    return f".PP\n{escaped(text)}\n"


def entries(pairs):
    return "".join(f".TP\n\\fB{escaped(name)}\\fR\n{escaped(words)}\n" for name, words in pairs)


def literal(text):
    return f".PP\n.nf\n{escaped(text)}\n.fi\n"


def footer(text):
    """Paragraphs as they are: examples stand in columns."""
    return "".join(literal(part) for part in text.split("\n\n") if part)


def page(name, section, title, parts):
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0")) or int(datetime.datetime.now().timestamp())
    date = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%d")
    text = f'.TH "{name.upper()}" {section} {date} "soakwatch" "soakwatch"\n'
    text += f".SH NAME\n{escaped(name)} \\- {escaped(title)}\n"
    for heading, body in parts:
        text += f".SH {heading}\n{body}"
    return text


def commands(program, words, shown_footer):
    """A part for each subcommand, and for those within."""
    text = ""
    help_ = ask(program, *words)
    for name, _ in help_.subcommands:
        one = ask(program, *words, name)
        text += f".SS {escaped(one.usage)}\n{escaped(one.description)}\n"
        text += entries(one.positionals)
        text += entries([pair for pair in one.options if "--help" not in pair[0]])
        if one.footer != shown_footer:  # what it has from the program stands there already
            text += footer(one.footer)
        text += commands(program, [*words, name], shown_footer)
    return text


FILES = [
    ("/etc/soakwatch/soakwatch.yaml", "The configuration for root and for the system's service."),
    ("~/.config/soakwatch/soakwatch.yaml", "The configuration for everybody else."),
    ("/var/lib/soakwatch/soakwatch.db", "The database of root and of the system's service."),
    ("~/.local/state/soakwatch/soakwatch.db", "The database of everybody else."),
]
ENVIRONMENT = [
    ("SOAKWATCH_DB", "The database, where --db does not name it."),
    ("XDG_CONFIG_HOME, XDG_STATE_HOME", "In place of ~/.config and ~/.local/state."),
    ("NO_COLOR", "When it is not empty, no colours."),
]
SEE_ALSO = {
    "soakwatch": "\\fBsoakwatchd\\fR(8), \\fBsoakwatch.yaml\\fR(5)\n",
    "soakwatchd": "\\fBsoakwatch\\fR(1), \\fBsoakwatch.yaml\\fR(5), \\fBsystemd.service\\fR(5)\n",
    "soakwatch.yaml": "\\fBsoakwatchd\\fR(8), \\fBsoakwatch\\fR(1)\n",
}


def soakwatch_page(program):
    help_ = ask(program)
    return page("soakwatch", 1, help_.description.removeprefix("soakwatch ").rstrip("."), [
        ("SYNOPSIS", f"\\fBsoakwatch\\fR {escaped(help_.usage.removeprefix('soakwatch '))}\n"),
        ("DESCRIPTION", escaped(help_.description) + "\n" + footer(help_.footer)),
        ("OPTIONS", entries(help_.options)),
        ("COMMANDS", commands(program, [], help_.footer)),
        ("FILES", entries(FILES)),
        ("ENVIRONMENT", entries(ENVIRONMENT)),
        ("SEE ALSO", SEE_ALSO["soakwatch"]),
    ])


def soakwatchd_page(program):
    help_ = ask(program)
    signals = [
        ("SIGTERM, SIGINT", "End in order, within five seconds; a second one ends at once."),
        ("SIGHUP", "Read the configuration again. One with a mistake is refused, with the reason in the "
                   "log and in the status of the service, and the one before goes on. Targets that "
                   "stay the same are judged on as if nothing had been. In a terminal the signal "
                   "ends the daemon, as the terminal does."),
        ("SIGUSR1", "Log in one line what the daemon has done and what it takes; it goes on as before."),
    ]
    status = [
        ("0", "It was told to stop."), ("1", "An error."),
        ("2", "A mistake on the command line or in the configuration."),
        ("5", "Every target has come to its end for good."),
    ]
    service = ("As a service it tells systemd when it is ready, what it does, and with each round that "
               "it is alive, so that a daemon whose rounds do not come is started again.")
    return page("soakwatchd", 8, "watches processes and raises an alert when one leaks", [
        ("SYNOPSIS", f"\\fBsoakwatchd\\fR {escaped(help_.usage.removeprefix('soakwatchd '))}\n"),
        ("DESCRIPTION", escaped(help_.description) + "\n" + paragraph(service)
         + footer(help_.footer)),
        ("OPTIONS", entries(help_.options)),
        ("SIGNALS", entries(signals)),
        ("EXIT STATUS", entries(status)),
        ("FILES", entries(FILES)),
        ("ENVIRONMENT", entries(ENVIRONMENT)),
        ("SEE ALSO", SEE_ALSO["soakwatchd"]),
    ])


def configuration_page(example):
    """The example has every key with its default; comments say what each is for."""
    _, _, body = Path(example).read_text().partition("\n\n")
    keys = "".join(literal(part) for part in body.split("\n\n")).removeprefix(".PP\n")
    use = ("Nothing of it is needed: soakwatch works without a file. `soakwatchd --check-config` says what "
           "is wrong with one, `soakwatchd --show-config` prints what results from defaults, file and "
           "flags. Below stands every key with its default.")
    rules = ("The file is YAML, read without guessing: unknown and repeated keys, numbers without the unit "
             "that they need, and any boolean but true and false are mistakes, which are all told "
             "at once with line and column. Times are written as 500ms, 30s, 10m, 8h or 7d, sizes as "
             "512MiB or 1GB.")
    return page("soakwatch.yaml", 5, "configuration of soakwatch", [
        ("DESCRIPTION", escaped(use) + "\n" + paragraph(rules)),
        ("KEYS", keys),
        ("FILES", entries(FILES[:2])),
        ("SEE ALSO", SEE_ALSO["soakwatch.yaml"]),
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soakwatch", type=Path, required=True, help="the program")
    parser.add_argument("--soakwatchd", type=Path, required=True, help="the daemon")
    parser.add_argument("--example", type=Path, required=True, help="packaging/soakwatch.yaml")
    parser.add_argument("--output", type=Path, required=True, help="a folder")
    args = parser.parse_args()
    (args.output / "soakwatch.1").write_text(soakwatch_page(args.soakwatch))
    (args.output / "soakwatchd.8").write_text(soakwatchd_page(args.soakwatchd))
    (args.output / "soakwatch.yaml.5").write_text(configuration_page(args.example))


if __name__ == "__main__":
    main()
