// common.cjs - what all generators share: a seeded random, names, and rows as JSON Lines.
'use strict';
let state = Number(process.env.SEED || 1) >>> 0 || 1;
exports.random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
exports.pick = (list) => list[Math.floor(exports.random() * list.length)];
exports.components = ('UserCard ProductList Sidebar Navbar Checkout OrderTable LoginForm SearchBox Dashboard Chart ' +
  'SettingsPage Modal Avatar CommentThread PriceTag DatePicker FileUpload Toast Breadcrumbs Pagination Wizard ' +
  'InvoiceRow MapView Calendar TodoItem Gallery VideoPlayer Header Footer Layout App Home ProfilePage Tooltip ' +
  'Dropdown Tabs Accordion Badge Button Counter Timer Feed Post Editor Form Field Table Row Cell Menu MenuItem').split(' ');
exports.words = ('user order item price total count name email token session invoice customer product cart config ' +
  'payload response result options settings theme locale status address profile message role value data list').split(' ');
exports.files = ['src/components/$.tsx', 'src/components/$.jsx', 'src/$.tsx', 'src/pages/$.tsx', 'app/components/$.tsx',
  'src/features/shop/$.tsx', 'client/src/views/$.js', 'packages/web/src/$.tsx', ''];
exports.roots = ['/app', '/home/runner/work/shop/shop', '/usr/src/app', '/builds/team/web', '/Users/dev/projects/web',
  '/workspace', 'C:\\Users\\dev\\web', '/home/user/code/dashboard', '/github/workspace'];
exports.row = (source, label, message, file_path = '') => {
  const text = String(message).slice(0, 2500).trimEnd();
  if (text.trim()) {
    process.stdout.write(JSON.stringify({ source, label, message: text, file_path }) + '\n');
  }
};
