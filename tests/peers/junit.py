"""Reads the JUnit XML on stdin and prints, a JSON array a line, each case with what became of it."""
import json
import sys
import xml.etree.ElementTree as ElementTree

root = ElementTree.fromstring(sys.stdin.buffer.read())
assert root.tag == "testsuites", root.tag
cases = 0
for suite in root:
    assert suite.tag == "testsuite", suite.tag
    assert int(suite.get("tests")) == len(suite), suite.get("name")
    assert int(suite.get("failures")) == len(suite.findall("testcase/failure")), suite.get("name")
    for case in suite:
        cases += 1
        failure = case.find("failure")
        said = None if failure is None else failure.get("message")
        print(json.dumps([case.get("classname"), case.get("name"), said]))
assert int(root.get("tests")) == cases
