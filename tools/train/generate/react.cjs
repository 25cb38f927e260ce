// react.cjs FOLDER NAME - runs the faulty components under the React that FOLDER holds.
// NODE_ENV chooses its development or its production build.
'use strict';
const path = require('path');
const util = require('util');
const { pick, random, components, files, roots, row } = require('./common.cjs');
const scenarios = require('./react_scenarios.cjs');

const folder = path.resolve(process.argv[2]);
const source = process.argv[3];
const inFolder = require('module').createRequire(folder + '/x.js');
const { JSDOM, VirtualConsole } = inFolder('jsdom');
let caught = [];

const virtual = new VirtualConsole();
virtual.on('jsdomError', (e) => caught.push(['jsdom', e.detail && e.detail.stack ? `Error: Uncaught [${e.detail}]\n${e.detail.stack.split('\n').slice(1).join('\n')}` : e.stack]));
const dom = new JSDOM('<!doctype html><html><body></body></html>', { virtualConsole: virtual, pretendToBeVisual: true, url: 'http://localhost/' });
global.window = dom.window;
global.document = dom.window.document;
Object.defineProperty(global, 'navigator', { value: dom.window.navigator, configurable: true });
global.HTMLElement = dom.window.HTMLElement;
global.Node = dom.window.Node;
global.MessageChannel = undefined;
global.requestAnimationFrame = dom.window.requestAnimationFrame;
global.TextEncoder = util.TextEncoder;
console.error = (...a) => caught.push(['console', util.format(...a.map((x) => (x instanceof Error ? x.stack : x)))]);
console.warn = (...a) => caught.push(['console', util.format(...a.map((x) => (x instanceof Error ? x.stack : x)))]);
process.on('uncaughtException', (e) => caught.push(['thrown', e && e.stack ? e.stack : `Uncaught ${String(e)}`]));
process.on('unhandledRejection', (e) => caught.push(['thrown', e && e.stack ? e.stack : `Uncaught ${String(e)}`]));

function fresh() {
  for (const key of Object.keys(require.cache)) {
    if (/node_modules[\\/](react|react-dom|scheduler|prop-types)[\\/]/.test(key)) delete require.cache[key];
  }
  const React = inFolder('react');
  const DOM = inFolder('react-dom');
  let Client = null; let Server = null; let TestUtils = null;
  try { Client = inFolder('react-dom/client'); } catch {}
  try { Server = inFolder('react-dom/server'); } catch {}
  try { TestUtils = inFolder('react-dom/test-utils'); } catch {}
  let runtime = null;
  try { runtime = inFolder('react/jsx-dev-runtime'); } catch {}
  const tools = {
    React, DOM, Client, Server, document, global, h: React.createElement, P: inFolder('prop-types'),
    act: React.act || (TestUtils && TestUtils.act) || (() => {}),
    T: pick(components),
    jsx: runtime && runtime.jsxDEV ? (T, type, props) => React.createElement(() => runtime.jsxDEV(type, { ...props }, undefined, false)) : null,
  };
  delete global.IS_REACT_ACT_ENVIRONMENT;
  delete global.jest;
  tools.mount = (element, container) => {
    const box = container === undefined ? document.body.appendChild(document.createElement('div')) : container;
    if (!Client) { DOM.render(element, box); return { box, render: (e) => DOM.render(e, box) }; }
    const root = Client.createRoot(box);
    const sync = (e) => (DOM.flushSync ? DOM.flushSync(() => root.render(e)) : root.render(e));
    sync(element);
    return { box, render: sync };
  };
  return tools;
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

function dress(text, T, root, kind) {
  const at = `${folder}/node_modules/`;
  const line = () => 5 + Math.floor(random() * 400);
  const own = pick([`${root}/src/components/${T}.tsx`, `webpack-internal:///./src/components/${T}.js`, `http://localhost:3000/static/js/bundle.js`, `src/components/${T}.tsx`, `http://localhost:5173/src/${T}.tsx?t=17`]);
  let seen = 0;
  return text.split('\n').filter((l) => !/generate[\\/]react\.cjs/.test(l) && !/node:internal/.test(l))
    .map((l) => l.replace(/[^\s(]*react_scenarios\.cjs:\d+:\d+/g, () => `${own}:${line()}:${1 + Math.floor(random() * 40)}`)
      .split(at).join(`${root}/node_modules/`))
    .filter((l) => !/^ {4}at /.test(l) || seen++ < 12).join('\n');
}

// A log holds each message of a fault by itself, as a person would paste it.
function tell(T) {
  const seen = new Set();
  for (const [kind, text] of caught) {
    if (seen.has(text.slice(0, 90)) || !text.trim() || /Not implemented/.test(text)) continue;
    seen.add(text.slice(0, 90));
    const root = pick(roots);
    let message = dress(text, T, root, kind);
    if (kind === 'thrown') {
      message = (random() < 0.3 ? 'Uncaught ' : '') + message;
    }
    row(source, 'react', message, pick(files).replace('$', T));
  }
  caught = [];
}

async function one(run, tools) {
  try {
    const made = run(tools);
    if (made && made.update) {
      const root = tools.mount(made.update[0]);
      for (const e of made.update.slice(1)) { await wait(1); root.render(e); }
      await wait(2);
      if (made.then) made.then();
    } else if (made && made.click) {
      const { box } = tools.mount(made.click);
      await wait(1);
      box.querySelector('button').dispatchEvent(new window.MouseEvent('click', { bubbles: true }));
    } else if (made && made.$$typeof) {
      tools.mount(made);
    }
  } catch (e) {
    caught.push(['thrown', e && e.stack ? e.stack : String(e)]);
  }
  await wait(12);
  tell(tools.T);
}

async function main() {
  for (const run of Object.values(scenarios.render)) await one(run, fresh());
  for (const run of Object.values(scenarios.root)) await one((t) => { run(t); }, fresh());
  for (const run of Object.values(scenarios.hydrate)) {
    await one((t) => {
      const [server, client] = run(t);
      const box = document.body.appendChild(document.createElement('div'));
      box.innerHTML = t.Server.renderToString(server);
      if (t.Client) t.Client.hydrateRoot(box, client); else t.DOM.hydrate(client, box);
    }, fresh());
  }
  await wait(100);
  process.exit(0);
}
main();
