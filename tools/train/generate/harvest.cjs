// harvest.cjs FOLDER [LABEL] - the messages that installed packages hold: what they throw, warn of and
// assert, read from their syntax trees, with made-up values in the holes.  The package decides the
// label (packages.json); a test library's words about the environment are left out.
'use strict';
const fs = require('fs');
const path = require('path');
const { random, pick, components, words, files, roots, row } = require('./common.cjs');
const base = path.resolve(process.argv[2]);
const acorn = require(base + '/tools1/node_modules/acorn');
const lists = JSON.parse(fs.readFileSync(path.join(__dirname, 'packages.json')));

const CALLS = new Set(('error warn warning invariant warnOnce warnonce devAssert fail raise abort fatal logError console_error ' +
  'deprecate printWarning consoleWarn createError makeError throwError report emitWarning issueWarning warningOnce ' +
  'logger addError onError reject errorOnce logOnce refute ok assert check createTRPCError newError').split(' '));
const most = { react: 260, test: 200, general: 55 };

function hole(node, source) {
  const text = source.slice(node.start, node.end).slice(0, 40).toLowerCase();
  if (/path|file|dir|module|request|specifier|url/.test(text)) return pick(['./src/index.js', '/app/src/utils/api.js', 'lodash', '@shop/ui', './config', 'src/main.jsx', '../lib/db']);
  if (/count|length|size|num|index|port|code|ms|timeout|line|col|max|min/.test(text)) return String(pick([0, 1, 2, 3, 5, 42, 404, 1000, 3000, 5000]));
  if (/component|displayname|tag/.test(text)) return pick(components);
  if (/version/.test(text)) return pick(['1.2.3', '18.2.0', '5.0.0-beta.1']);
  if (/type/.test(text)) return pick(['string', 'undefined', 'object', 'number', 'function', 'div']);
  if (/err|message|reason|stack/.test(text)) return pick(['unexpected end of input', 'not found', 'timeout', 'invalid value']);
  return pick([pick(words), pick(components), pick(words), "'" + pick(words) + "'"]);
}

function textOf(node, source, depth = 0) {
  if (!node || depth > 30) return null;
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null;
  if (node.type === 'TemplateLiteral') {
    return node.quasis.map((q, i) => (q.value.cooked || '') + (i < node.expressions.length ? (textOf(node.expressions[i], source, depth + 1) ?? hole(node.expressions[i], source)) : '')).join('');
  }
  if (node.type === 'BinaryExpression' && node.operator === '+') {
    const left = textOf(node.left, source, depth + 1);
    const right = textOf(node.right, source, depth + 1);
    return left === null && right === null ? null : (left ?? hole(node.left, source)) + (right ?? hole(node.right, source));
  }
  if (node.type === 'ConditionalExpression') return textOf(node.consequent, source, depth + 1) ?? textOf(node.alternate, source, depth + 1);
  if (node.type === 'ArrayExpression' && node.elements.length && node.elements.every((e) => e && (e.type === 'Literal' || e.type === 'TemplateLiteral'))) return node.elements.map((e) => textOf(e, source, depth + 1)).join('\n');
  if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression' && /join|trim|concat/.test(node.callee.property.name || '')) return textOf(node.callee.object, source, depth + 1);
  return null;
}

const last = (callee) => (callee.type === 'MemberExpression' ? callee.property.name : callee.name) || '';
const isSentence = (t) => t && t.length >= 14 && t.length < 1500 && /[a-z]{2,} [a-z`'"<]/i.test(t) && !/^\s*(import|export|function|const|var|<\w)/.test(t);

function collect(file, into) {
  const source = fs.readFileSync(file, 'utf8');
  let tree;
  for (const sourceType of ['module', 'script']) {
    try { tree = acorn.parse(source, { ecmaVersion: 'latest', sourceType, allowHashBang: true, allowReturnOutsideFunction: true }); break; } catch {}
  }
  if (!tree) return;
  const lines = () => 10 + Math.floor(random() * 3000);
  const stack = [[tree, '<anonymous>']];
  while (stack.length) {
    const [node, inside] = stack.pop();
    let name = inside;
    if (node.type === 'FunctionDeclaration' && node.id) name = node.id.name;
    else if ((node.type === 'MethodDefinition' || node.type === 'Property') && node.key && node.key.name && node.value && /Function/.test(node.value.type)) name = node.key.name;
    else if (node.type === 'VariableDeclarator' && node.id && node.id.name && node.init && /Function/.test(node.init.type)) name = node.id.name;
    let message = null; let kind = null;
    if ((node.type === 'NewExpression' || node.type === 'CallExpression') && node.callee) {
      const callee = last(node.callee);
      if (/(Error|Exception|Violation)$/.test(callee) || CALLS.has(callee) || /^(warn|invariant|error)/.test(callee)) {
        for (const arg of node.arguments.slice(0, 4)) {
          const text = textOf(arg, source);
          if (isSentence(text)) { message = text; break; }
        }
        kind = /(Error|Exception)$/.test(callee) ? callee : /warn|deprecat/i.test(callee) ? 'warn' : /^error$|console_error/.test(callee) ? 'log' : 'Error';
      }
    } else if (node.type === 'Property' && node.key && /^(message|help|hint|summary|error)$/.test(node.key.name || '')) {
      const text = textOf(node.value, source);
      if (isSentence(text)) { message = text; kind = 'Error'; }
    } else if (node.type === 'Property' && node.key && node.key.name === 'messages' && node.value.type === 'ObjectExpression') {
      for (const p of node.value.properties) {
        const text = p.value && textOf(p.value, source);
        if (isSentence(text)) into.push({ message: text.replace(/\{\{\s*\w+\s*\}\}/g, () => pick(words)), kind: 'lint', name: p.key && (p.key.name || p.key.value), file, line: lines() });
      }
    }
    if (message) into.push({ message: message.replace(/%[sdifoOj]/g, () => pick([pick(words), pick(components)])), kind, name, file, line: node.loc ? node.loc.start.line : lines() });
    for (const key of Object.keys(node)) {
      const child = node[key];
      if (Array.isArray(child)) { for (const c of child) if (c && typeof c.type === 'string') stack.push([c, name]); }
      else if (child && typeof child.type === 'string') stack.push([child, name]);
    }
  }
}

function filesOf(dir, label, found = []) {
  for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
    if (found.length > 900) return found;
    const full = path.join(dir, entry.name);
    if (entry.isDirectory()) {
      if (label === 'general' || !/^(node_modules|umd|locales?|docs?|es5|profiling)$/.test(entry.name)) { if (entry.name !== 'node_modules') filesOf(full, label, found); }
    } else if (/\.(c|m)?js$/.test(entry.name) && !/\.min\.|\.profiling|\.test\.|locale/.test(entry.name)) {
      const size = fs.statSync(full).size;
      if (size > 60 && size < 6e6) found.push(full);
    }
  }
  return found;
}

const ENVIRONMENT = /launch|executable|download|install|ECONN|cannot find (module|package)|module not found|EADDR|port |ENOENT|failed to resolve|config|version|certificate|proxy|socket|websocket|connect|session|driver|package\.json|internal|deprecat|option|plugin|cli\b|flag|browserstack|credential|upload|report|cache|watch|inspect|coverage|permission|unzip|archive|trace|debug|server|protocol|http|not supported|node\.js|license|token|json|parse|syntax/i;

function frames(item, label) {
  const root = pick(roots);
  const line = () => 3 + Math.floor(random() * 200);
  const at = (f, p) => `    at ${f} (${root}/${p}:${line()}:${1 + Math.floor(random() * 40)})`;
  const own = item.file.slice(item.file.indexOf('node_modules'));
  const list = [at(item.name, own)];
  const C = pick(components);
  if (label === 'react') list.push(at(C, `src/components/${C}.tsx`), ...(random() < 0.7 ? [at('renderWithHooks', 'node_modules/react-dom/cjs/react-dom.development.js'), at('beginWork', 'node_modules/react-dom/cjs/react-dom.development.js')] : []));
  else if (label === 'test') list.push(at(pick(['Object.<anonymous>', 'Context.<anonymous>']), pick(['src/', 'tests/', 'e2e/']) + C + pick(['.test.tsx', '.spec.ts', '.test.js'])));
  else list.push(at(pick(['main', 'run', 'Object.<anonymous>', 'handler', 'connect']), pick(['src/server.js', 'src/index.js', 'scripts/build.js', 'lib/db.js', 'server/app.ts'])), '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)');
  return list.slice(0, 1 + Math.floor(random() * list.length)).join('\n');
}

function tell(item, label, source) {
  const C = pick(components);
  const message = item.message.replace(/\u001b\[[0-9;]*m/g, '');
  let text = message;
  let file = '';
  if (item.kind === 'lint') {
    return; // linters are run for real
  }
  if (label === 'react') {
    file = random() < 0.5 ? pick(files).replace('$', C) : '';
    if (item.kind === 'warn' || item.kind === 'log') text = (random() < 0.4 && !/^Warning/.test(text) ? 'Warning: ' : '') + text + (random() < 0.5 ? `\n    at ${C}${random() < 0.5 ? ` (src/components/${C}.tsx:${Math.floor(random() * 99)}:5)` : ''}` : '');
    else text = (random() < 0.8 ? (random() < 0.2 ? 'Uncaught ' : '') + `${item.kind.length > 1 ? item.kind : 'Error'}: ` : '') + text + (random() < 0.6 ? '\n' + frames(item, label) : '');
  } else {
    file = random() < 0.3 ? (label === 'test' ? pick(['src/', 'tests/']) + C + pick(['.test.tsx', '.spec.ts', '.test.js']) : pick(['src/server.js', 'server/index.js', 'package.json', 'webpack.config.js', 'src/api/client.ts'])) : '';
    const head = item.kind === 'warn' ? pick(['', 'Warning: ', '[warn] ', 'WARN ']) : item.kind === 'log' ? pick(['', 'error ', 'ERROR ', '✘ ']) : `${item.kind}: `;
    text = head + text + (random() < 0.5 ? '\n' + frames(item, label) : '');
    if (label === 'test' && random() < 0.25) text = pick([` FAIL  src/${C}.test.tsx > ${C} > works\n`, `FAIL src/${C}.test.js\n  ● ${C} › works\n\n    `, `  1) ${C} works:\n     `]) + text;
  }
  row(source, label, text, file);
}

for (const [label, folders] of Object.entries(lists)) {
  if (process.argv[3] && process.argv[3] !== label) continue;
  for (const [folder, names] of Object.entries(folders)) {
    for (const name of names) {
      const dir = `${base}/${folder}/node_modules/${name}`;
      if (!fs.existsSync(dir)) { process.stderr.write(`no ${dir}\n`); continue; }
      const items = [];
      for (const file of filesOf(dir, label)) {
        if (label === 'react' && /production/.test(file)) continue;
        collect(file, items);
        if (items.length > 6000) break;
      }
      const seen = new Set();
      const unique = items.filter((i) => { const k = i.message.slice(0, 50); return !seen.has(k) && seen.add(k) && !(label === 'test' && ENVIRONMENT.test(i.message)); });
      unique.sort(() => random() - 0.5);
      for (const item of unique.slice(0, most[label])) tell(item, label, `messages-${label}:${name}`);
      process.stderr.write(`${label} ${folder} ${name} ${unique.length}\n`);
    }
  }
}
