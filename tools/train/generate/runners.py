#!/usr/bin/env python3
"""runners.py FOLDER: runs failing tests under jest, vitest, mocha, jasmine, ava, tape, node:test, pytest,
unittest, go test and cargo test, and prints what they say of each failure as rows."""
import re
import sys

from runners_common import BASE, HERE, rng, run, tell, write


def suite(folder, ext, extra=""):
    text = open(HERE + "/suite.cjs").read()
    write(f"{folder}/suite.test.{ext}", extra + text)
    snap = ""
    for n, v in (("snapshots snapshot 1", '{\n  "title": "old",\n}'), ("snapshots string snapshot 1", '"<div>old</div>"'),
                 ("snapshots error snapshot 1", '"then"')):
        snap += f"exports[`{n}`] = `\n{v}\n`;\n\n"
    return snap


def jest(where, name):
    folder = f"{BASE}/{where}/suite-{name}"
    snap = suite(folder, "js")
    write(f"{folder}/__snapshots__/suite.test.js.snap", "// Jest Snapshot v1, https://goo.gl/fbAQLP\n\n" + snap)
    write(f"{folder}/package.json", '{"name":"s","jest":{"testEnvironment":"jsdom"}}')
    write(f"{folder}/empty.test.js", "")
    write(f"{folder}/none.test.js", "describe('x', () => {});")
    write(f"{folder}/nested.test.js", "test('a', () => { test('b', () => {}); });\ndescribe('q', async () => {});\ntest('c');\ntest();\n")
    write(f"{folder}/missing.test.js", "import x from './nothing';\ntest('a', () => {});")
    write(f"{folder}/missing2.test.js", "const x = require('./not-there');\ntest('a', () => {});")
    write(f"{folder}/missing3.test.js", "const x = require('left-pad-x');\ntest('a', () => {});")
    write(f"{folder}/mockmissing.test.js", "jest.mock('./nope');\ntest('a', () => {});")
    write(f"{folder}/mockscope.test.js", "const a = 1;\njest.mock('fs', () => ({ a }));\ntest('a', () => {});")
    write(f"{folder}/src.test.js", "const { total, load } = require('./src/cart');\ntest('totals', () => { total(); });\ntest('loads', async () => { await load(); });\n")
    write(f"{folder}/src/cart.js", "exports.total = (c) => c.items.length;\nexports.load = async () => { return JSON.parse('{'); };\n")
    write(f"{folder}/done.test.js", "test('a', (d) => { d(); d(); });\ntest('b', (d) => { d('failed'); });\ntest('c', async (d) => { d(); });\n")
    write(f"{folder}/top.test.js", "const a = undefined;\na.b();\ntest('x', () => {});")
    write(f"{folder}/react.test.js", REACT)
    out = run(f"node ../node_modules/jest/bin/jest.js --ci -w 1 --no-cache --testTimeout=300 --rootDir .", folder)
    for part in re.split(r"\n(?=(?:FAIL|PASS) )", out):
        part = re.split(r"\nTest Suites: ", part)[0]
        head = part.split("\n")[0]
        blocks = re.split(r"\n(?=  ● )", part)[1:] or [part]
        for block in blocks:
            if "Consider adding an error boundary" in block or "react.test" in head:
                continue
            label = "test"
            if "src.test" in head:
                label = "general"
            if re.search(r"Cannot find module|unexpected token|Could not locate module|SyntaxError", block) and "JSON" not in block:
                label = "general"
            tell(f"run-jest:{name}", label, block, folder, ["FAIL $\n", "FAIL $\n\n", ""])
        if "react.test" in head:
            for block in blocks:
                if re.search(r"renderWithHooks|react-dom", block):
                    tell(f"run-jest:{name}", "react", block, folder, ["FAIL $\n", ""])


REACT = """
const React = require('react');
const { render } = require('@testing-library/react');
const h = React.createElement;
const List = (p) => h('ul', null, p.items.map((i) => h('li', null, i)));
const Ctx = React.createContext();
const useTheme = () => { const c = React.useContext(Ctx); if (!c) throw new Error('useTheme must be used within a ThemeProvider'); return c; };
const Themed = () => h('p', null, useTheme().color);
const Loop = () => { const [n, s] = React.useState(0); s(n + 1); return n; };
test('renders list', () => { render(h(List)); });
test('needs provider', () => { render(h(Themed)); });
test('loops', () => { render(h(Loop)); });
test('object child', () => { render(h('p', null, {})); });
test('undefined component', () => { render(h(undefined)); });
test('hook outside', () => { React.useState(1); });
test('effect', () => { const E = () => { React.useEffect(() => { null.x; }); return null; }; render(h(E)); });
"""


def vitest(where, name, isolated=""):
    folder = f"{BASE}/{where}/suite-{name}"
    suite(folder, "js", "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);\n")
    snap = "// Vitest Snapshot v1, https://vitest.dev/guide/snapshot.html\n\n"
    for n, v in (("snapshots > snapshot 1", '{\n  "title": "old",\n}'), ("snapshots > string snapshot 1", '"<div>old</div>"'), ("snapshots > error snapshot 1", "[Error: then]")):
        snap += f"exports[`{n}`] = `\n{v}\n`;\n\n"
    write(f"{folder}/__snapshots__/suite.test.js.snap", snap)
    write(f"{folder}/package.json", '{"name":"s","type":"module"}')
    write(f"{folder}/vitest.config.js", "export default { test: { globals: true, environment: 'jsdom', testTimeout: 300, retry: 0 } }")
    write(f"{folder}/empty.test.js", "")
    write(f"{folder}/none.test.js", "describe('x', () => {});")
    write(f"{folder}/nested.test.js", "test('a', () => { test('b', () => {}); describe('y', () => {}); });\ntest('c', () => { beforeEach(() => {}); });\ntest('m', () => { vi.mocked(); vi.stubGlobal(); vi.waitFor(() => { throw new Error('x'); }); });\ntest('u', async () => { await vi.waitFor(() => { expect(1).toBe(2); }, { timeout: 30 }); await vi.waitUntil(() => false, { timeout: 30 }); });\ntest('p', () => { expect.poll(() => 1).toBe(2); });\ntest('soft', () => { expect.soft(1).toBe(2); expect.unreachable(); });\ntest.fails('ok', () => {});\ntest('ext', () => { expect.extend({ x: 1 }); expect('a').satisfy(() => false); expect(1).oneOf([2]); expect.fail('no way'); });\ntest('typo', () => { vi.foo(); });\ntest('mockf', () => { vi.importActual('./zzz'); });\ntest('date', () => { vi.setSystemTime(); vi.advanceTimersByTime(5); });\n")
    write(f"{folder}/missing.test.js", "import x from './nothing';\ntest('a', () => {});")
    write(f"{folder}/missing3.test.js", "import x from 'left-pad-x';\ntest('a', () => {});")
    write(f"{folder}/mock.test.js", "import { readFile } from 'fs';\nvi.mock('fs', () => ({}));\ntest('a', () => { readFile(); });\n")
    write(f"{folder}/mock2.test.js", "import x from 'fs';\nconst y = 1;\nvi.mock('fs', () => ({ default: y }));\ntest('a', () => { x(); });\n")
    write(f"{folder}/src.test.js", "import { total, load } from './src/cart';\ntest('totals', () => { total(); });\ntest('loads', async () => { await load(); });\n")
    write(f"{folder}/src/cart.js", "export const total = (c) => c.items.length;\nexport const load = async () => { return JSON.parse('{'); };\n")
    write(f"{folder}/unhandled.test.js", "test('a', () => { Promise.reject(new Error('late failure')); setTimeout(() => { throw new Error('later'); }, 1); return new Promise((d) => setTimeout(d, 20)); });")
    write(f"{folder}/top.test.js", "const a = undefined;\na.b();\ntest('x', () => {});")
    write(f"{folder}/react.test.js", "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" + REACT)
    out = run("node ../node_modules/vitest/vitest.mjs run --no-color", folder)
    for block in re.split(r"\n⎯+\[\d+/\d+\]⎯*\n", out):
        block = re.sub(r"^[\s\S]*?(?= FAIL )", "", block) if " FAIL " in block else block
        if not re.search(r"FAIL|Error", block):
            continue
        block = re.split(r"\n Test Files ", block)[0]
        head = block.strip().split("\n")[0]
        label = "test"
        if "src.test" in head or "Failed to resolve import" in block or "Cannot find" in block:
            label = "general"
        if "Unhandled Errors" in head:
            label = "test"
        if "react.test" in head:
            if not re.search(r"react-dom|renderWithHooks|react_stack", block) :
                continue
            label = "react"
        tell(f"run-vitest:{name}", label, block.strip("\n"), folder)


MOCHA = """
const assert = require('assert');
const { expect } = require('chai');
const sinon = require('sinon');
describe('Cart', () => {
  it('adds', () => { assert.strictEqual(1, 2); });
  it('deep', () => { assert.deepStrictEqual({ a: 1 }, { a: 2 }); });
  it('ok', () => { assert(false); });
  it('ok message', () => { assert.ok(0, 'total should not be zero'); });
  it('throws', () => { assert.throws(() => 1); });
  it('rejects', async () => { await assert.rejects(Promise.resolve(1)); });
  it('equal', () => { expect(3).to.equal(4); });
  it('eql', () => { expect({ a: [1] }).to.deep.equal({ a: [2] }); });
  it('include', () => { expect('abc').to.include('z'); });
  it('property', () => { expect({}).to.have.property('id'); });
  it('length', () => { expect([1]).to.have.lengthOf(2); });
  it('type', () => { expect(1).to.be.a('string'); });
  it('true', () => { expect(false).to.be.true; });
  it('exist', () => { expect(null).to.exist; });
  it('throw', () => { expect(() => 1).to.throw(TypeError); });
  it('above', () => { expect(1).to.be.above(5); });
  it('keys', () => { expect({ a: 1 }).to.have.all.keys('b'); });
  it('members', () => { expect([1]).to.have.members([2]); });
  it('match', () => { expect('x').to.match(/y/); });
  it('empty', () => { expect([1]).to.be.empty; });
  it('bad', () => { expect(1).to.bee.true; });
  it('times out', (done) => {}).timeout(20);
  it('promise', () => new Promise(() => {})).timeout(20);
  it('done twice', (done) => { done(); done(); });
  it('done error', (done) => { done(new Error('broken')); });
  it('done string', (done) => { done('broken'); });
  it('overspecified', async (done) => { done(); });
  it('type error', () => { undefined.x; });
  it('spy', () => { const s = sinon.spy(); sinon.assert.calledOnce(s); });
  it('spy with', () => { const s = sinon.spy(); s(1); sinon.assert.calledWith(s, 2); });
  it('stub', () => { sinon.stub({}, 'nope'); });
  it('wrap', () => { const o = { a() {} }; sinon.stub(o, 'a'); sinon.stub(o, 'a'); });
  it('mock', () => { const o = { a() {} }; const m = sinon.mock(o); m.expects('a').once(); m.verify(); });
  describe('hook', () => { before(() => { throw new Error('no database'); }); it('x', () => {}); });
  describe('hook2', () => { beforeEach(function () { this.timeout(10); return new Promise(() => {}); }); it('x', () => {}); });
  describe('hook3', () => { afterEach(() => { undefined.close(); }); it('x', () => {}); });
});
"""


def mocha():
    folder = f"{BASE}/run1/suite-mocha"
    write(f"{folder}/suite.test.js", MOCHA)
    out = run("node ../node_modules/mocha/bin/mocha.js suite.test.js", folder)
    for block in re.split(r"\n(?=  \d+\) )", out.split(" failing")[-1])[1:]:
        tell("run-mocha:spec", "test", block, folder)
    out = run("node ../node_modules/mocha/bin/mocha.js --reporter tap suite.test.js", folder)
    for block in re.split(r"\n(?=not ok )", out)[1:]:
        tell("run-mocha:tap", "test", re.split(r"\n# |\nok ", block)[0], folder)


def node_test():
    folder = f"{BASE}/run1/suite-node"
    body = MOCHA.split("it('equal'")[0] + "it('type error', () => { undefined.x; });\n it('rejected', () => Promise.reject(new Error('no')));\n it('match', () => { assert.match('a', /b/); });\n it('not equal', () => { assert.notStrictEqual(1, 1); });\n it('does not throw', () => { assert.doesNotThrow(() => { throw new Error('x'); }); });\n it('fail', () => { assert.fail(); });\n it('if error', () => { assert.ifError(new Error('q')); });\n it('time', { timeout: 20 }, () => new Promise(() => {}));\n describe('h', () => { before(() => { throw new Error('hook failed'); }); it('x', () => {}); });\n it('cb', (t, done) => { done(new Error('cb')); });\n});\n"
    body = body.replace("const { expect } = require('chai');\nconst sinon = require('sinon');\n", "const { describe, it, before } = require('node:test');\n")
    write(f"{folder}/suite.test.js", body)
    for reporter in ("spec", "tap"):
        out = run(f"node --test --test-reporter={reporter} suite.test.js", folder)
        blocks = re.split(r"\n(?=test at )", out.split("failing tests:")[-1])[1:] if reporter == "spec" else [re.split(r"\n {4}(?=ok |# )", b)[0] for b in re.split(r"\n(?= *not ok )", out)[1:]]
        for block in blocks:
            tell("run-node-test:" + reporter, "test", block, folder)


def others():
    folder = f"{BASE}/run1/suite-ava"
    write(f"{folder}/package.json", '{"name":"s","type":"module"}')
    write(f"{folder}/suite.test.js", """import test from 'ava';
test('is', t => { t.is(1, 2); });
test('deep', t => { t.deepEqual({a: 1}, {a: 2}); });
test('true', t => { t.true(false); });
test('truthy', t => { t.truthy(0); });
test('throws', t => { t.throws(() => 1); });
test('not throws', t => { t.notThrows(() => { throw new Error('x'); }); });
test('async', async t => { await t.throwsAsync(Promise.resolve(1)); });
test('none', t => {});
test('plan', t => { t.plan(2); t.pass(); });
test('thrown', t => { throw new TypeError('bad'); });
test('reject', t => Promise.reject(new Error('no')));
test('regex', t => { t.regex('a', /b/); });
test('fail', t => { t.fail('should not be here'); });
test('like', t => { t.like({a: 1}, {a: 2}); });
test('snapshot', t => { t.snapshot(); });
test('timeout', async t => { t.timeout(20); await new Promise(() => {}); });
test('assert', t => { t.assert(null); });
test('type', t => { const a = undefined; a.b; });
""")
    out = run("node ../node_modules/.bin/ava suite.test.js", folder)
    for block in re.split(r"\n(?=  \S[^\n]*\n\n  suite)", out.split("─\n", 1)[-1]):
        tell("run-ava:spec", "test", block, folder)
    for line in re.findall(r"\n  (✘ \[fail\][^\n]*)", out):
        tell("run-ava:spec", "test", line, folder)
    folder = f"{BASE}/run1/suite-jasmine"
    write(f"{folder}/spec/suite.spec.js", """describe('Cart', () => {
  it('adds', () => { expect(1).toBe(2); });
  it('equal', () => { expect({ a: 1 }).toEqual({ a: 2 }); });
  it('spy', () => { const s = jasmine.createSpy('save'); expect(s).toHaveBeenCalled(); });
  it('spy with', () => { const s = jasmine.createSpy('save'); s(1); expect(s).toHaveBeenCalledWith(2); });
  it('spy missing', () => { spyOn({}, 'load'); });
  it('throw', () => { expect(() => 1).toThrow(); });
  it('type', () => { undefined.a; });
  it('contain', () => { expect([1]).toContain(4); });
  it('truthy', () => { expect(0).toBeTruthy(); });
  it('async', async () => { await expectAsync(Promise.resolve(1)).toBeRejected(); });
  it('timeout', (done) => {}, 20);
  it('promise', async () => { await new Promise(() => {}); }, 20);
  it('fail', () => { fail('never'); });
  describe('h', () => { beforeEach(() => { throw new Error('setup'); }); it('x', () => {}); });
});
""")
    out = run("node ../node_modules/.bin/jasmine --random=false spec/suite.spec.js", folder)
    for block in re.split(r"\n(?=\d+\) )", out)[1:]:
        tell("run-jasmine:spec", "test", block, folder)
    folder = f"{BASE}/run1/suite-tape"
    write(f"{folder}/suite.test.js", """const test = require('tape');
test('a', (t) => { t.equal(1, 2); t.end(); });
test('b', (t) => { t.deepEqual({ a: 1 }, { a: 2 }, 'same objects'); t.end(); });
test('c', (t) => { t.plan(2); t.pass(); });
test('d', { timeout: 20 }, (t) => { });
test('e', (t) => { t.ok(false, 'is ready'); t.throws(() => 1); t.end(); t.end(); });
""")
    out = run("node suite.test.js", folder)
    for block in re.split(r"\n(?=not ok )", out)[1:]:
        tell("run-tape:tap", "test", re.split(r"\n# |\nok ", block)[0], folder)


PYTEST = '''
import pytest, unittest, json
from unittest import mock

class Cart:
    def __init__(self): self.items = []
    def total(self): return sum(i.price for i in self.items)

@pytest.fixture
def broken(): raise RuntimeError("cannot start service")

def test_add(): assert 1 + 1 == 3
def test_list(): assert [1, 2, 3] == [1, 2, 4]
def test_dict(): assert {"a": 1, "b": 2} == {"a": 1, "b": 3}
def test_in(): assert "x" in "abc"
def test_none(): assert None is not None
def test_message(): assert False, "total must be positive"
def test_raises():
    with pytest.raises(ValueError): int("3")
def test_raises_other():
    with pytest.raises(ValueError, match="bad"): raise ValueError("good")
def test_approx(): assert 0.1 + 0.2 == pytest.approx(0.4)
def test_attribute(): None.name
def test_type(): "a" + 1
def test_key(): {}["id"]
def test_index(): [][0]
def test_fixture(broken): pass
def test_unknown_fixture(client): pass
def test_fail(): pytest.fail("not yet")
def test_mock(): mock.Mock().assert_called_once()
def test_mock_with():
    m = mock.Mock(); m(1); m.assert_called_with(2)
def test_string(): assert "hello world" == "hello there"
def test_set(): assert {1} == {2}
def test_call(): assert Cart().total() == 5
def test_isinstance(): assert isinstance(1, str)
@pytest.mark.parametrize("n", [1, 2])
def test_param(n): assert n == 5
class TestCase(unittest.TestCase):
    def setUp(self): self.c = Cart()
    def test_equal(self): self.assertEqual(self.c.total(), 3)
    def test_true(self): self.assertTrue(False)
    def test_in(self): self.assertIn("a", [])
    def test_raises(self):
        with self.assertRaises(KeyError): pass
    def test_dict(self): self.assertDictEqual({"a": 1}, {"a": 2})
    def test_none(self): self.assertIsNone(4)
    def test_almost(self): self.assertAlmostEqual(1.0, 2.0)
    def test_list(self): self.assertListEqual([1], [2])
    def test_multi(self): self.assertMultiLineEqual("a\\nb", "a\\nc")
    def test_less(self): self.assertLess(3, 1)
    def test_error(self): self.c.nope()
    def test_regex(self): self.assertRegex("a", "b")
'''


def python_tests():
    folder = f"{BASE}/py-suite"
    write(f"{folder}/tests/test_suite.py", PYTEST)
    python = f"{BASE}/pyv/bin/python"
    for style in ("long", "short", "line", "native"):
        out = run(f"{python} -m pytest -q --tb={style} -p no:cacheprovider tests", folder)
        body = out.split("short test summary info")[0]
        blocks = re.split(r"\n(?=_{3,} )", body)[1:] if style != "line" else body.split("\n")[2:]
        for block in blocks:
            if len(block) > 25 and (style != "line" or re.match(r"/.*: ", block)):
                tell(f"run-pytest:{style}", "test", block, folder)
        for line in re.findall(r"\n((?:FAILED|ERROR) tests[^\n]*)", out):
            if rng.random() < 0.25:
                tell(f"run-pytest:{style}", "test", line, folder)
    out = run(f"{python} -m unittest tests.test_suite.TestCase", folder)
    for block in re.split(r"\n(?===+\n)", out)[1:]:
        block = re.split(r"\n-{20,}\nRan ", block.lstrip("=\n"))[0]
        tell("run-unittest:text", "test", block.rstrip("=\n"), folder)


def go_tests():
    folder = f"{BASE}/go-suite"
    write(f"{folder}/go.mod", "module example.com/shop\n\ngo 1.20\n")
    write(f"{folder}/cart.go", "package shop\n\ntype Cart struct{ Items []int }\n\nfunc (c *Cart) Total() int { return len(c.Items) }\n")
    write(f"{folder}/cart_test.go", '''package shop
import ("testing"; "errors"; "time")
func TestTotal(t *testing.T) { c := Cart{}; if got := c.Total(); got != 3 { t.Errorf("Total() = %d, want %d", got, 3) } }
func TestFatal(t *testing.T) { t.Fatal("could not open fixture") }
func TestErr(t *testing.T) { err := errors.New("not found"); if err != nil { t.Fatalf("unexpected error: %v", err) } }
func TestSub(t *testing.T) { t.Run("empty", func(t *testing.T) { t.Errorf("expected true, got false") }) }
func TestTable(t *testing.T) { for _, n := range []string{"a", "b"} { t.Run(n, func(t *testing.T) { t.Errorf("got %q, want %q", n, "c") }) } }
func TestFail(t *testing.T) { t.Log("before"); t.Fail() }
func TestSlow(t *testing.T) { time.Sleep(1 * time.Millisecond); t.Error("deadline exceeded") }
''')
    write(f"{folder}/panic/p_test.go", '''package p
import "testing"
func TestNil(t *testing.T) { var m map[string]int; m["a"] = 1 }
''')
    write(f"{folder}/slow/s_test.go", '''package s
import ("testing"; "time")
func TestHang(t *testing.T) { time.Sleep(5 * time.Second) }
''')
    out = run("go test ./... -timeout 1s", folder, {"GOFLAGS": "-mod=mod"})
    for block in re.split(r"\n(?=--- FAIL|FAIL\t|panic: )", "\n" + out)[1:]:
        tell("run-go-test:text", "test", block, folder)
    for v in range(4):
        tell("run-go-test:text", "test", out, folder)


def cargo_tests():
    folder = f"{BASE}/rs-suite"
    write(f"{folder}/Cargo.toml", '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n')
    write(f"{folder}/src/lib.rs", '''
#[cfg(test)]
mod tests {
    #[test] fn adds() { assert_eq!(1 + 1, 3); }
    #[test] fn truth() { assert!(false); }
    #[test] fn message() { assert!(1 > 2, "total must grow"); }
    #[test] fn not_equal() { assert_ne!(1, 1); }
    #[test] fn unwraps() { let x: Option<i32> = None; x.unwrap(); }
    #[test] fn expects() { Err::<i32, &str>("no file").expect("fixture"); }
    #[test] fn index() { let v: Vec<i32> = vec![]; let i = v.len() + 3; let _ = v[i]; }
    #[test] #[should_panic] fn should() { }
    #[test] fn panics() { panic!("not implemented"); }
    #[test] fn result() -> Result<(), String> { Err("bad".into()) }
}
''')
    out = run("cargo test --offline", folder)
    for block in re.split(r"\n(?=---- )", out.split("\nfailures:\n")[1] if "\nfailures:\n" in out else "")[0:]:
        tell("run-cargo-test:text", "test", block, folder)


def main():
    for step in (lambda: jest("run1", "jest29"), lambda: vitest("run1", "vitest2"), lambda: vitest("run2", "vitest3"),
                 mocha, node_test, others, python_tests, go_tests, cargo_tests):
        try:
            step()
        except Exception as error:  # a tool that is missing here must not cost the others
            print(f"{step}: {error!r}", file=sys.stderr)


main()
