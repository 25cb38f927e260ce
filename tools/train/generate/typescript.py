#!/usr/bin/env python3
"""typescript.py FOLDER: what tsc 4.9 and 5.9 say of faulty files, as tsc and as others print it, and what
other parsers say of broken .ts, .tsx, .jsx, .js, .json and .css files."""
import json
import re

from runners_common import BASE, ROOTS, rng, row, run, write

FAULTS = r"""
const a: number = 'x';
function f(x: string) { return x; } f(1);
f2(1); declare function f3(a: number, b: string): void; f3(1);
interface P { name: string; age?: number } const p: P = { nam: 'x' };
const q: P2 = {}; type P2 = { id: number; list: string[] };
let u: string | undefined; u.length;
let n: { a: number } | null = null as any; n.a;
const o = {}; o.foo;
import x from './nowhere'; import { y } from 'no-such-package';
class A { private b = 1 } new A().b;
abstract class B { abstract c(): void } new B();
class C2 implements P { }
function g(a, b) { return a + b; }
const r = (await fetch('x')).jsn();
for (const k of 5) { }
export default class { m(): string { } }
enum E { A = 'x' } const e: E = 'x';
const t: [number, string] = [1];
type T = Array<string, number>;
let v: Foo; let w: React.FC;
const s: 'a' | 'b' = 'c';
function h(): number { }
const unused = 1; import { readFileSync } from 'fs';
const z = y2 as unknown as string; const d = 1; d = 2;
let i = 1; let i = 2;
switch (1 as number) { case 'x': break; }
const fn: () => void = 5; fn(1, 2);
class D extends A2 { constructor() { this.x = 1; } } class A2 { }
async function as(): string { return ''; }
const gen = function* (): number { };
type Rec = { [k in keyof Foo2]: string }; const key: keyof P = 'zip';
function over(a: string): void; function over(a: number) { }
const idx = { a: 1 }; const kk: string = 'a'; idx[kk];
try { } catch (err) { err.message; }
JSON.parse(5); parseInt(5); Math.foo(); 'x'.foo(); [1].includes('a');
new Promise<string>((resolve) => resolve(1));
const m = new Map<string, number>(); m.set(1, 'x');
export const dup = 1; export const dup = 2;
const opt = (p as P)?.age.toFixed();
declare module 'x'; namespace N { const a = 1 } N.a;
const big: bigint = 1; const sy: unique symbol = 1;
const obj = { a: 1, a: 2 };
label: while (false) { } break;
type Circ = Circ; interface I1 extends I1 { }
const tpl: `a-${number}` = 'b'; type G<T extends string> = T; type Z = G<5>;
const ro: readonly number[] = [1]; ro.push(2);
function isS(x: unknown): x is string { return 1; }
let never: never = 1; const un: unknown = 1; un.x; void un();
export type { P } from './types'; export { missing };
""".strip().split("\n")
JSX = r"""
const A = (p: { id: number }) => <div>{p.idd}</div>; <A />;
<A2 id="x" />; <div foo={1} />; <button onClick="x" />;
const B: React.FC = () => <p>; 
const C = () => <div class="x" tabindex="1" />; <img src={1} />;
const [s, set] = useState<number>('x'); set('y');
""".strip().split("\n")
BROKEN = {
    "ts": ["const a = {;", "function f( { return 1 }", "let x: = 5;", "interface { a: string }", "class A { m( }", "const s = 'abc\n", "if (a { }", "export cons a = 1;", "type A = { a: string", "let a = 1 +;", "enum { A }", "foo(1, 2", "const x: number == 1;", "import { a from 'b';", "return }", "const a = `abc ${x;", "async function f() { await }", "x = [1, 2;", "for (let i = 0; i < 3 i++) {}", "const f = (a: string => a;", "let 1a = 5;", "@foo", "a ? b", "try { }", "function f(a: string,, b) {}"],
    "tsx": ["const A = () => <div>;", "const B = () => { return <p></div>; }", "const C = () => <div><p></div>;", "export default function X() { return (<a></a><b></b>) }", "const D = <T>(x: T) => x; const e = <div {...p;", "const F = () => <div className=>x</div>;", "function G() { return <ul>{items.map(i => <li>{i}</li>)</ul>; }", "const H = () => ( <div> { </div> );", "const x: string = <div/>", "const I = () => <div>{if (a) b}</div>;", "const J = () => <div>a > b</div>; <><div></>"],
    "jsx": ["const A = () => <div>;", "const B = () => { return <p></div>; }", "const C = () => <div><p></div>;", "export default function X() { return (<a></a><b></b>) }", "const e = <div {...p;", "const F = () => <div className=>x</div>;", "function G() { return <ul>{items.map(i => <li>{i}</li>)</ul>; }", "const H = () => ( <div> { </div> );", "const I = () => <div>{if (a) b}</div>;", "<><div></>", "const K = () => <img src='a'>;", "const L = <a b:c:d/>;", "const M = () => { return <div> <!-- x --> </div> }", "const N = <div style={color: 'red'}/>;"],
    "js": ["const a = {;", "function f( { return 1 }", "class A { m( }", "const s = 'abc\n", "if (a { }", "export cons a = 1;", "let a = 1 +;", "foo(1, 2", "import { a from 'b';", "}", "const a = `abc ${x;", "x = [1, 2;", "for (let i = 0; i < 3 i++) {}", "let 1a = 5;", "await x; export {}", "var a; let a;", "const b;", "new.target", "yield = 1; 'use strict'; with (a) {}", "let a = 08n;", "a?.b = 1", "({a:1} = 1)", "/abc", "return 5", "break;", "super();", "import.foo", "const {a, ...b, c} = d;"],
    "json": ['{"a": 1,}', "{a: 1}", '{"a" 1}', '{"a": 1', "", '{"a": undefined}', "[1 2]"],
    "css": [".a { color: red", "a { b }", "@media { }}", ".a { color: ; }", "@import foo;", ".a { &:hover { }"],
}
PARSERS = {
    "esbuild": "const r=require('esbuild');const fs=require('fs');for(const f of process.argv.slice(2)){try{r.buildSync({entryPoints:[f],bundle:false,write:false,logLevel:'silent'})}catch(e){console.log('@@'+f+'\\n'+(Math.random()<2?r.formatMessagesSync(e.errors,{kind:'error'}).join(''):''));console.log('@@'+f+'\\n'+e.message)}}",
    "babel": "const r=require('@babel/core');for(const f of process.argv.slice(2)){try{r.transformFileSync(f,{configFile:false,babelrc:false,sourceType:'module',presets:[require.resolve('@babel/preset-react'),...(/tsx?$/.test(f)?[require.resolve('@babel/preset-typescript')]:[])]})}catch(e){console.log('@@'+f+'\\n'+(e.message.length%2?e.stack:'SyntaxError: '+e.message))}}",
    "swc": "const r=require('@swc/core');for(const f of process.argv.slice(2)){try{r.transformFileSync(f,{swcrc:false,jsc:{parser:/tsx?$/.test(f)?{syntax:'typescript',tsx:/x$/.test(f)}:{syntax:'ecmascript',jsx:true}}})}catch(e){console.log('@@'+f+'\\n'+e.message)}}",
    "rollup": "const {rollup}=require('rollup');(async()=>{for(const f of process.argv.slice(2)){try{await rollup({input:f,logLevel:'silent'})}catch(e){console.log('@@'+f+'\\n'+(e.name||'')+': '+e.message+'\\n'+(e.frame||''))}}})()",
    "vite": "(async()=>{const v=await import('vite');for(const f of process.argv.slice(2)){try{await v.build({root:require('path').dirname(f),logLevel:'silent',build:{write:false,lib:{entry:f,formats:['es']}}})}catch(e){console.log('@@'+f+'\\nerror during build:\\n'+e.message+'\\n'+(e.frame||''))}}})()",
    "webpack": "const w=require('webpack');(async()=>{for(const f of process.argv.slice(2)){await new Promise(d=>w({mode:'development',entry:f,output:{path:'/tmp/gen/wp'},module:{rules:/tsx?$/.test(f)?[]:[]}},(e,s)=>{console.log('@@'+f+'\\n'+(e?e.stack:s.toString({colors:false})));d()}))}})()",
    "prettier": "(async()=>{const p=await import('prettier');const fs=require('fs');for(const f of process.argv.slice(2)){try{await p.format(fs.readFileSync(f,'utf8'),{filepath:f})}catch(e){console.log('@@'+f+'\\n[error] '+f+': SyntaxError: '+e.message)}}})()",
    "node": "const cp=require('child_process');for(const f of process.argv.slice(2)){if(!/\\.js$/.test(f))continue;const r=cp.spawnSync('node',[f],{encoding:'utf8'});if(r.status)console.log('@@'+f+'\\n'+r.stderr)}",
    "postcss": "const p=require('postcss');const fs=require('fs');for(const f of process.argv.slice(2)){if(!/css$/.test(f))continue;try{p.parse(fs.readFileSync(f,'utf8'),{from:f})}catch(e){console.log('@@'+f+'\\n'+e)}}",
}
WORDS = ["cart", "user", "api", "format", "Table", "Login", "helpers", "store", "types", "index"]


def tsc(version, folder):
    for n, text in enumerate(FAULTS):
        write(f"{folder}/src/m{n}.ts", text + "\nexport {};\n")
    for n, text in enumerate(JSX):
        write(f"{folder}/src/c{n}.tsx", "declare namespace JSX { interface IntrinsicElements { div: { id?: string }; p: {}; button: { onClick?: () => void } } }\n" + text + "\nexport {};\n")
    write(f"{folder}/tsconfig.json", json.dumps({"compilerOptions": {"strict": True, "noEmit": True, "noUnusedLocals": True, "jsx": "preserve", "target": "es2020", "module": "esnext", "moduleResolution": "node"}, "include": ["src"]}))
    texts = run(f"{BASE}/{version}/node_modules/.bin/tsc -p . --pretty false", folder)
    for ext in ("ts", "tsx"):  # apart: syntax errors keep tsc from looking any further
        for n, text in enumerate(BROKEN[ext]):
            write(f"{folder}/bad/src/b{n}.{ext}", text + "\n")
    write(f"{folder}/bad/tsconfig.json", '{"compilerOptions": {"noEmit": true, "jsx": "preserve"}}')
    texts += "\n" + run(f"{BASE}/{version}/node_modules/.bin/tsc -p . --pretty false", folder + "/bad")
    return re.split(r"\n(?=\S)", texts)


def formats(block):
    """One diagnostic, as others print it; only the last ones keep no code."""
    m = re.match(r"(\S+?)\((\d+),(\d+)\): error (TS\d+): ([\s\S]*)", block)
    if not m:
        return [("typescript:tsc", block, "")]
    file, line, column, code, text = m.groups()
    file = re.sub(r"[mcb]\d+", rng.choice(WORDS), file)
    first = text.split("\n")[0]
    kinds = [
        ("tsc", f"{file}({line},{column}): error {code}: {text}"),
        ("loader", f"ERROR in ./{file}:{line}:{column}\n{code}: {text}\n    {line} | const x\n"),
        ("jest", f"FAIL {file}\n  ● Test suite failed to run\n\n    {file}:{line}:{column} - error {code}: {first}\n"),
        ("node", f"TSError: ⨯ Unable to compile TypeScript:\n{file}({line},{column}): error {code}: {first}"),
    ]
    bare = [
        ("next", f"Failed to compile.\n\n./{file}:{line}:{column}\nType error: {text}\n\n> {line} | export const value = load()"),
        ("next", f"Type error: {text}"),
        ("overlay", f"TypeScript error in {rng.choice(ROOTS)}/{file}({line},{column}):\n{text}"),
        ("checker", f"ERROR(TypeScript)  {text}\n FILE  {file}:{line}:{column}"),
        ("vue", f"{file}:{line}:{column} - error: {text}"),
        ("bare", f"{first}"), ("bare", f"Error: {text}"), ("bare", f"error: {first}\n  at {file}:{line}"),
    ]
    return [("typescript:" + rng.choice(kinds)[0], rng.choice(kinds)[1], file)] + [("typescript-bare:" + k, t, file if rng.random() < 0.6 else "") for k, t in (rng.choice(bare[:5]), rng.choice(bare[5:])) if not re.match(r"TS(2307|2792|7016)", code)]


def parsers():
    folder = f"{BASE}/tools1/broken"
    names = []
    for ext, texts in BROKEN.items():
        for n, text in enumerate(texts):
            path = f"{folder}/p{n}/{rng.choice(WORDS)}{n}.{ext}"
            write(path, text + "\n")
            names.append(path)
    for tool, script in PARSERS.items():
        write(f"{folder}/{tool}.cjs", script)
        which = [n for n in names if tool in ("prettier", "webpack", "vite") or not n.endswith(("json", "css")) or tool == "postcss"]
        if tool == "rollup" or tool == "webpack":
            which = [n for n in which if not n.endswith(".ts")] if tool == "rollup" else which
        out = run(["node", f"{folder}/{tool}.cjs", *which], folder, timeout=120)
        for block in out.split("@@")[1:]:
            file, text = block.split("\n", 1)
            if len(text) < 15 or "compiled successfully" in text:
                continue
            ext = file.rsplit(".", 1)[-1]
            label = {"ts": "typescript", "tsx": "typescript", "jsx": "react", "js": "general", "json": "general", "css": "general"}[ext]
            root = rng.choice(ROOTS)
            text = text.replace(folder, root + "/src").replace(BASE + "/tools1", root)
            short = "src" + file[len(folder):]
            row(f"syntax:{tool}", label, text, short if rng.random() < 0.5 else "")


CONFIGS = ['{"compilerOptions": {"target": "es2050"}}', '{"compilerOptions": {"modul": "x"}}', '{"compilerOptions": {"strict": "yes"}}', '{"extends": "./base.json"}', '{"files": []}', '{"include": ["nothing"]}', '{"compilerOptions": {"paths": {"a": "b"}}}', '{"compilerOptions": {"composite": true, "noEmit": true}}', '{"compilerOptions": {"isolatedModules": true, "outFile": "x"}}', '{"compilerOptions": {"types": ["nope"]}}', '{"references": [{"path": "./nope"}]}', '{"compilerOptions": {"moduleResolution": "bundler", "module": "commonjs"}}', '{"compilerOptions": {"lib": ["es99"]}}', '{"compilerOptions": {"jsxFactory": "a b"}}', '{,}', '{"compilerOptions": {"rootDir": "src", "allowJs": 5}}']


def main():
    for version in ("ts", "ts4"):
        folder = f"{BASE}/{version}/suite"
        blocks = [b for b in tsc(version, folder) if b.strip()]
        for block in blocks:
            for source, text, file in formats(block):
                row(source, "typescript", text, file)
        for text in CONFIGS:
            write(f"{folder}/conf/tsconfig.json", text)
            write(f"{folder}/conf/a.ts", "export const a = 1;\n")
            out = run(f"{BASE}/{version}/node_modules/.bin/tsc -p conf --pretty false", folder)
            if out.strip():
                row("typescript:config", "typescript", out, "tsconfig.json")
                row("typescript-bare:config", "typescript", "Error: " + re.sub(r"error TS\d+: ", "", out), "tsconfig.json")
    parsers()


main()
