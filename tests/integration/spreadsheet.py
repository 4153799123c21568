"""A CSV as LibreOffice Calc takes it."""

import shutil
import xml.etree.ElementTree as ElementTree

import pytest

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OPEN_SECONDS = 180  # its first start makes a profile

# Language numbers of the import filter, which stand for what the user's system is set to.
ENGLISH, GERMAN = 1033, 1031
SEPARATORS = {",": 44, ";": 59}
# Separator, quotes ("), UTF-8, first line, columns, language, quoted as text, detect numbers.
FILTER = "CSV:{separator},34,76,1,,{language},false,true"


class Cell:
    def __init__(self, element):
        self.kind = element.get(OFFICE + "value-type")  # None: empty
        self.formula = element.get(TABLE + "formula")
        self.value = element.get(OFFICE + "value") or element.get(OFFICE + "date-value")
        self.text = "".join(element.itertext()).strip()


def open_csv(bench, file, separator=",", language=ENGLISH):
    """The rows of the sheet, lists of cells; the first is the header."""
    if shutil.which("soffice") is None:
        pytest.fail("there is no soffice: install libreoffice-calc-nogui "
                    "(packaging/install-deps.sh --test does)")
    folder = bench.folder / f"sheet-{len(bench.programs.started)}"
    words = ["soffice", f"-env:UserInstallation=file://{bench.folder}/office", "--headless",
             f"--infilter={FILTER.format(separator=SEPARATORS[separator], language=language)}",
             "--convert-to", "fods", "--outdir", folder, file]
    office = bench.run_program(words, "soffice")
    assert office.wait(OPEN_SECONDS) == 0, office.err
    sheet = folder / f"{file.stem}.fods"
    assert sheet.exists(), office.out + office.err
    return [cells_of(row) for row in ElementTree.parse(sheet).iter(TABLE + "table-row")
            if any(cell.kind for cell in cells_of(row))]


def cells_of(row):
    cells = []
    for element in row.iter(TABLE + "table-cell"):
        repeated = min(int(element.get(TABLE + "number-columns-repeated", "1")), 1000)
        cells += [Cell(element)] * repeated
    return cells
