"""The process that runs the rule sets: XSLT in, failed rules out.

Saxon is a foreign machine inside Python: it belongs to the thread that made it, holds Python's lock while it works,
and a fault in it ends the process.  So it lives in a process of its own that can be stopped and started again.
Standard library and saxonche only, started by its file name, with `quicker.xsl` to make rule sets quicker before they
are compiled.  On standard input a line of JSON
``{"size": bytes, "rules": [paths]}`` and the XML; on standard output a line of JSON, the failed rules or an error.
"""

import json
import sys
from typing import Any
from xml.etree import ElementTree as ET

SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def failed(svrl: str) -> list[dict[str, str]]:
    """The failed rules of a report: id, flag, place and words."""
    found = []
    for element in ET.fromstring(svrl).iter():  # noqa: S314  (made by the rule set itself)
        if element.tag in (f"{SVRL}failed-assert", f"{SVRL}successful-report"):
            text = element.find(f"{SVRL}text")
            found.append(
                {
                    "id": element.get("id", ""),
                    "flag": element.get("flag") or element.get("role") or "",
                    "location": element.get("location", ""),
                    "text": " ".join("".join(text.itertext()).split()) if text is not None else "",
                }
            )
    return found


def _compile(compiler: Any, quicker: Any, path: str) -> Any:
    if quicker is None:
        return compiler.compile_stylesheet(stylesheet_file=path)
    return compiler.compile_stylesheet(stylesheet_text=quicker.transform_to_string(source_file=path))


def main() -> int:
    """Answer until standard input ends."""
    try:
        import saxonche
    except (ImportError, OSError) as error:
        print(json.dumps({"unavailable": str(error)}), flush=True)
        return 3
    processor = saxonche.PySaxonProcessor(license=False)
    compiler = processor.new_xslt30_processor()
    quicker = compiler.compile_stylesheet(stylesheet_file=sys.argv[1]) if len(sys.argv) > 1 else None
    compiled: dict[str, Any] = {}
    while header := sys.stdin.buffer.readline():
        order = json.loads(header)
        xml = sys.stdin.buffer.read(order["size"])
        try:
            findings = []
            for path in order["rules"]:
                if path not in compiled:
                    compiled[path] = _compile(compiler, quicker, path)
                if xml:
                    node = processor.parse_xml(xml_text=xml.decode())
                    findings += failed(compiled[path].transform_to_string(xdm_node=node))
            answer: dict[str, Any] = {"failed": findings}
        except Exception as error:  # noqa: BLE001  (whatever Saxon says is the answer)
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
