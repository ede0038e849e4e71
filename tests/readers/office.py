"""Says what openpyxl and python-docx, of which we wrote nothing, find in a report.

usage: office.py FILE.xlsx|FILE.docx

Prints JSON. Of a workbook: per sheet its name, rows of values, where it is frozen, what is printed and which
rows are repeated. Of a document: its paragraphs with their styles, and its tables as rows of texts.
"""

import json
import sys


def workbook(path):
    import openpyxl

    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", f"a formula in {sheet.title} {cell.coordinate}"
    return [
        {
            "name": sheet.title,
            "frozen": sheet.freeze_panes,
            "printed": sheet.print_area,
            "repeated": sheet.print_title_rows,
            "rows": [list(row) for row in sheet.iter_rows(values_only=True)],
        }
        for sheet in book.worksheets
    ]


def document(path):
    import docx

    read = docx.Document(path)
    return {
        "title": read.core_properties.title,
        "paragraphs": [[it.style.name, it.text] for it in read.paragraphs],
        "tables": [[[cell.text for cell in row.cells] for row in table.rows] for table in read.tables],
    }


path = sys.argv[1]
print(json.dumps(workbook(path) if path.endswith(".xlsx") else document(path)))
