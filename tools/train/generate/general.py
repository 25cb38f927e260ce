#!/usr/bin/env python3
"""general.py FOLDER: what languages, shells, package managers and other tools say of small faults, as rows."""
import os
import re

from runners_common import BASE, ROOTS, rng, row, run, write

PYTHON = """
1/0
{}['id']
[][3]
None.name
'a'+1
int('x')
undefined_name
import no_such_module
from os import nothing
open('/no/such/file')
open('/etc/shadow','w') if __import__('os').getuid() else open('/proc/version','w')
raise ValueError('invalid literal')
raise RuntimeError('worker died')
assert 1 == 2, 'values differ'
assert False
import json; json.loads('{x')
import json; json.dumps(object())
def f(a): pass\nf()
def f(): pass\nf(1)
class A: pass\nA().x
(1,2)[5]
next(iter([]))
a, b = [1]
'x'.foo()
len(5)
for i in 5: pass
import socket; socket.create_connection(('127.0.0.1', 9))
import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')
import subprocess; subprocess.run(['no-such-command'])
import subprocess; subprocess.run(['false'], check=True)
b'\\xff'.decode()
'\\ud800'.encode()
import os; os.environ['API_KEY']
import sqlite3; sqlite3.connect(':memory:').execute('select * from users')
import sqlite3; sqlite3.connect('/no/dir/x.db')
def f(): return f()\nf()
float('abc')
if True print(1)
def f(:\n pass
x = [1, 2
print 'a'
  x = 1
def f():\nreturn 1
x = 5 +
class A(\n
f'{a'
async def f(): pass\nawait f()
import asyncio\nasync def f(): raise OSError('closed')\nasyncio.run(f())
import asyncio\nasyncio.run(asyncio.wait_for(asyncio.sleep(5), 0.01))
import threading; threading.Thread(target=lambda: 1/0).start()
from datetime import datetime; datetime.strptime('x', '%Y')
import re; re.compile('(')
import decimal; decimal.Decimal('x')
import math; math.sqrt(-1)
2 ** 'a'
import sys; sys.exit('fatal: no config')
raise KeyboardInterrupt
raise SystemExit(3)
import yaml
[1].remove(2)
{1: 2}.popitem().x
import enum\nclass C(enum.Enum): A = 1\nC('z')
class B:\n  def __init__(self, a): pass\nB()
import pathlib; pathlib.Path('/no/x').read_text()
import shutil; shutil.copy('/no', '/tmp')
import ssl, socket; ssl.create_default_context().wrap_socket(socket.socket(), server_hostname='x').do_handshake()
exec('try:\\n  1/0\\nexcept Exception as e:\\n  raise RuntimeError("retry failed") from e')
import struct; struct.unpack('I', b'a')
import csv; csv.reader(open('/nope'))
import importlib; importlib.import_module('app.settings')
import multiprocessing as m; m.Pool(0)
import warnings; warnings.warn('old api', DeprecationWarning); 1/0
""".strip().split("\n")
LIBRARIES = """
import requests; requests.get('http://127.0.0.1:9/health')
import requests; requests.get('nourl')
import numpy as np; np.zeros((2,3)) @ np.zeros((2,3))
import numpy as np; np.array([1,2]).reshape(3)
import pandas as pd; pd.DataFrame({'a':[1]})['b']
import pandas as pd; pd.read_csv('/no.csv')
import sqlalchemy as s; s.create_engine('sqlite://').connect().execute(s.text('select * from nope'))
import django; from django.conf import settings; settings.DEBUG
import flask; flask.current_app.name
import flask; flask.Flask('x').test_client().get('/').json['a']
""".strip().split("\n")
NODE = """
require('./config')
require('express-nope')
const a = undefined; a.b
null.x
x.y
const f = 1; f()
JSON.parse('{bad')
JSON.parse('')
throw new Error('Database connection failed')
throw new TypeError('callback must be a function')
throw 'oops'
Promise.reject(new Error('request failed'))
Promise.reject('plain')
Promise.reject()
require('fs').readFileSync('/no/such.json')
require('fs').writeFileSync('/proc/x/y', 'a')
require('fs').readdirSync('/root/nope')
require('fs').mkdirSync('/tmp')
require('fs').readFileSync('/tmp')
require('fs').rmdirSync('/usr')
require('net').connect(9, '127.0.0.1')
require('http').get('http://127.0.0.1:9/')
require('http').get('http://no.such.host.invalid/')
fetch('http://127.0.0.1:9/')
fetch('nourl')
require('http').createServer().listen(22222); require('http').createServer().listen(22222)
require('http').createServer().listen(99999)
require('child_process').execSync('exit 3')
require('child_process').spawn('no-such-cmd')
require('child_process').execSync('no-such-cmd')
new Array(-1)
'a'.repeat(-1)
(1).toFixed(101)
function r() { r() } r()
Buffer.alloc(-1)
Buffer.from(5)
new URL('nope')
decodeURIComponent('%')
require('assert').strictEqual(1, 2)
require('assert')(false)
require('assert').deepStrictEqual({a: 1}, {a: 2})
require('fs').readFile('x')
new (require('events'))().emit('error', new Error('socket closed'))
require('events').once()
process.chdir('/nope')
process.exit('x')
process.kill(999999)
import x from 'y'
export const a = 1
await 1
const a = 1; a = 2
let b; let b
var { c } = null
const [d] = 5
new Proxy(1, {})
class A { constructor() { this.x } } A()
class B extends A {} 
class C extends Object { constructor() { this.x = 1 } } new C()
Object.defineProperty(Object.freeze({}), 'a', {})
'use strict'; Object.freeze([]).push(1)
BigInt('x')
1n + 1
Symbol() + ''
new Intl.NumberFormat('xx-invalid-locale')
new Date('x').toISOString()
structuredClone(() => {})
require('crypto').createHash('nope')
require('crypto').createDecipheriv('aes-256-cbc', 'k', 'i')
require('zlib').gunzipSync(Buffer.from('x'))
require('dns').lookup('no.such.host.invalid', (e) => { throw e })
require('worker_threads').parentPort.postMessage(1)
new (require('worker_threads').Worker)('/nope.js')
require('vm').runInNewContext('foo()')
require('util').promisify(1)
require('path').join(1)
require('stream').pipeline()
const e = new Error('outer', { cause: new Error('inner') }); throw e
throw new AggregateError([new Error('a')], 'all failed')
process.emitWarning('Use newFn()', 'DeprecationWarning', 'DEP0999'); new Buffer(5)
require('fs').exists
setTimeout('x')
WebAssembly.compile(new Uint8Array(3))
require('module').createRequire('x')
document.getElementById('x')
window.location
localStorage.getItem('x')
process.env.DB.split(',')
module.exports.run.call()
require('/tmp/gen/esm.mjs/x')
a?.b.c.d
new RegExp('(')
[].reduce((x) => x)
""".strip().split("\n")
SHELL = """
cat /no/such/file
cd /nope
ls /root/zzz
rm /nope
cp a
mkdir /proc/x
foo-command --help
./missing.sh
bash -c 'if true'
bash -c 'echo "abc'
bash -c 'x=$((1/0))'
bash -uc 'echo $UNSET'
sh -c 'exit 2' || echo 'Error: Process completed with exit code 2.'
sh -c '[[ a == b ]'
sh -c 'foo() {'
chmod +q x
tar xf /nope.tgz
gzip -d /etc/hostname
unzip /nope.zip
curl -sS http://127.0.0.1:9/
curl -sS http://no.such.host.invalid/
curl -sSf -o /dev/null https://127.0.0.1:9/
ssh -o BatchMode=yes -o ConnectTimeout=1 127.0.0.1 -p 9
scp x 127.0.0.1:/nope
make -f /nope
printf 'all:\\n\\tfalse\\n' | make -f -
printf 'all: missing.o\\n' | make -f -
printf 'all:\\nfalse\\n' | make -f -
grep -P '(' x
sed 's/a' x
awk '{' x
find /nope
kill 999999
jq . <<< '{'
jq '.a.b' <<< '[1]'
docker ps
docker build .
docker run nope
docker compose up
psql -h 127.0.0.1 -p 9 -c 'select 1'
psql -h no.such.host.invalid
sqlite3 /nope/x.db 'select 1'
perl -e 'die "no config\\n"'
perl -e 'use Nope;'
perl -e 'my $x = 1 +;'
ruby -e 'nil.foo'
mvn -o -q compile
python3 -m nope
python3 /nope.py
pip install --no-index nope-package
go build ./...
go run /nope.go
cargo build
rustc /nope.rs
java Nope
javac /nope.java
gcc /nope.c
ld -lnope
node /nope.js
node --bad-flag
node -e 'x('
npm run nope
npm test
npm ci
npm install no-such-package-zzz-1234 --prefer-offline
npm nope
npm install ./nope
npx --no-install nope-tool
npm exec --offline nope
npm publish --dry-run
npm version nope
npm view no-such-package-zzz-12345
npm config set nope=1 --location=nope
pnpm install --frozen-lockfile
pnpm run nope
pnpm add no-such-package-zzz-1234 --offline
yarn install
yarn run nope
timeout 0.1 sleep 5; echo "Error: The operation was canceled. exit $?"
dd if=/dev/zero of=/dev/full count=1
mount /dev/nope /mnt
systemctl start nope
su nobody -c id < /dev/null
useradd root
crontab -l
openssl x509 -in /nope
openssl s_client -connect 127.0.0.1:9
xmllint /nope
clang-14 -c /nope.c
cmake /nope
ninja -C /nope
meson setup /nope
""".strip().split("\n")
GIT = """
git clone https://127.0.0.1:9/x.git
git clone /nope
git checkout nope
git push
git push origin main
git pull
git merge nope
git rebase nope
git commit -m x
git add nope.txt
git branch -d main
git branch main
git stash pop
git tag v1 nope
git log nope
git show deadbeef
git reset --hard nope
git apply /nope.patch
git submodule update --init nope
git remote add origin x; git remote add origin y
git fetch nope
git cherry-pick nope
git revert nope
git bisect good
git config nope
git nope
git rm nope
git mv a b
git worktree add /tmp nope
git am /nope
git -C /nope status
git -C / status
git switch nope
git restore nope
git blame nope
git diff --nope
""".strip().split("\n")
COMPILED = {
    "c": ("gcc", ["int main() { return x; }", "int main() { foo() }", "#include <nope.h>", "int main() { int *p = 5; char c = \"x\"; p->a; }", "void f(int a); int main() { f(); f(1, 2); }", "struct s { int a }; ", "int main() {", "int f(); int main() { return f(); }", "int a; int a = 1; int a = 2; float main;"]),
    "rs": ("rustc", ["fn main() { let x: i32 = \"a\"; }", "fn main() { foo(); }", "fn main() { let s = String::new(); let t = s; println!(\"{}\", s); }", "use nope::x; fn main() {}", "fn main() { let x = 5; x = 6; }", "fn f() -> &str { \"a\" } fn main() {}", "struct A; fn main() { A.b(); }", "fn main() { let v: Vec<i32> = vec![1]; v.push(2); }", "fn main() { match Some(1) { None => {} } }", "fn main() { println!(\"{}\", ); ", "trait T { fn a(&self); } struct S; impl T for S {} fn main() {}", "fn main() { let r; { let x = 1; r = &x; } println!(\"{}\", r); }", "mod nope; fn main() {}", "fn main() { 1 + \"a\"; }", "fn main() { std::thread::spawn(|| {}).x; }"]),
    "rs-run": ("rust", ["fn main() { None::<i32>.unwrap(); }", "fn main() { let v: Vec<i32> = vec![]; println!(\"{}\", v[std::env::args().count()]); }", "fn main() { panic!(\"no config\"); }", "fn main() { \"x\".parse::<i32>().unwrap(); }", "fn main() { std::fs::read(\"/nope\").expect(\"config\"); }", "fn main() { assert_eq!(1, 2); }", "fn main() { let z = std::env::args().count() - 1; println!(\"{}\", 1 / z); }"]),
    "go": ("go", ["package main\nfunc main() { x }", "package main\nimport \"fmt\"\nfunc main() { }", "package main\nfunc main() { var a int = \"x\" }", "package main\nfunc main() { foo() }", "package main\nfunc main() { var p *int; _ = *p }", "package main\nfunc main() { a := []int{}; i := 3; _ = a[i] }", "package main\nfunc main() { panic(\"no config\") }", "package main\nfunc main() { var m map[string]int; m[\"a\"] = 1 }", "package main\nimport \"nope.example/x\"\nfunc main() { x.Y() }", "package main\nfunc main() { ch := make(chan int); <-ch }", "package main\nfunc f() int { }\nfunc main() { f() }", "package main\nfunc main() { if true { }", "package main\ntype T struct{}\nfunc main() { T{}.X() }", "package main\nimport \"os\"\nfunc main() { _, err := os.Open(\"/nope\"); if err != nil { panic(err) } }", "package main\nimport \"log\"\nfunc main() { log.Fatal(\"dial tcp 127.0.0.1:5432: connect: connection refused\") }"]),
    "java": ("java", ["class M { public static void main(String[] a) { int x = \"s\"; } }", "class M { public static void main(String[] a) { foo(); } }", "class M { public static void main(String[] a) { String s = null; s.length(); } }", "class M { public static void main(String[] a) { int[] x = new int[1]; x[2] = 1; } }", "class M { public static void main(String[] a) { Object o = \"\"; Integer i = (Integer) o; } }", "class M { public static void main(String[] a) { throw new RuntimeException(\"no config\"); } }", "class M { public static void main(String[] a) { Integer.parseInt(\"x\"); } }", "class M { public static void main(String[] a) throws Exception { new java.io.FileReader(\"/nope\"); } }", "class M { public static void main(String[] a) throws Exception { new java.net.Socket(\"127.0.0.1\", 9); } }", "class M { int f() { } }", "class M { void f() { return 1; } ", "import nope.X; class M { }", "class M { final int a = 1; void f() { a = 2; } }", "class M { void f() { try { } } }", "class M { public static void main(String[] a) { new java.util.ArrayList<>().iterator().next(); } }", "class M { public static void main(String[] a) { main(a); } }", "class M { public static void main(String[] a) throws Exception { Class.forName(\"com.Nope\"); } }", "class M { static int x = 1 / 0; public static void main(String[] a) { } }", "class M implements Runnable { }", "class M { void f(int a) {} void g() { f(\"a\"); f(); } }", "class M { void f() { int a = 1; int a = 2; String s = 'ab'; } }"]),
}
HINTS = {"python": ["backend/app.py", "app/main.py", "scripts/load.py", ""], "node": ["src/server.js", "server/index.js", "lib/db.js", "scripts/build.mjs", ""],
         "shell": ["", "", ".github/workflows/ci.yml", "scripts/deploy.sh", "package.json"], "git": ["", "", ".gitmodules"]}


def dress(text, folder):
    return text.replace(folder, rng.choice(ROOTS)).replace(BASE, rng.choice(ROOTS))


def tell(source, text, folder, hints):
    if text.strip() and len(text.strip()) > 8:
        row(source, "general", dress(text, folder), rng.choice(hints))


def scripts(name, ext, lines, command, folder, hints):
    for n, line in enumerate(lines):
        file = f"{folder}/{rng.choice(['app', 'main', 'load', 'worker', 'db', 'server'])}{n}.{ext}"
        write(file, line.replace("\\n", "\n") + "\n")
        tell(name, run(f"timeout 10 {command} {file}", folder), folder, hints)


def compiled(folder):
    for ext, (tool, texts) in COMPILED.items():
        for n, text in enumerate(texts):
            where = f"{folder}/{ext}{n}"
            file = f"{where}/{'M' if tool == 'java' else 'main'}.{ext.split('-')[0]}"
            write(file, text + "\n")
            command = {"gcc": f"gcc {file} -o a.out", "rustc": f"rustc {file}", "rust": f"rustc {file} -o m && ./m", "go": f"go run {file}", "java": f"javac {file} && java -cp . M"}[tool]
            tell(f"general-{tool}:run", run(command, where), where, ["", f"src/{os.path.basename(file)}"])


def main():
    folder = f"{BASE}/general"
    os.makedirs(folder, exist_ok=True)
    scripts("general-python:run", "py", PYTHON, "python3", folder, HINTS["python"])
    scripts("general-python:libraries", "py", LIBRARIES, f"{BASE}/pyv/bin/python", folder, HINTS["python"])
    scripts("general-node:run", "js", NODE, "node", folder, HINTS["node"])
    for n, line in enumerate(SHELL):
        tell("general-" + re.split(r"\W", line)[0].replace("npx", "npm") + ":run", run(["bash", "-c", "timeout 20 " + line if "|" not in line and ";" not in line else line], folder), folder, HINTS["shell"])
    repo = f"{BASE}/gitrepo"
    run(f"mkdir -p {repo} && cd {repo} && git init -q -b main && git config user.email a@b.c && git config user.name x && echo a > f && git add f && git commit -qm a && git checkout -qb b && echo b > f && git commit -qam b && git checkout -q main && echo c > f && git commit -qam c", BASE)
    for line in ["git merge b", "git rebase b", "git status", "git commit -m x", "git rebase --abort", *GIT]:
        tell("general-git:run", run(["bash", "-c", "timeout 20 " + line], repo), repo, HINTS["git"])
    compiled(folder)


main()
