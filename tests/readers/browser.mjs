// Opens HTML reports in Chromium, as a reader would: wide and narrow, light and dark, and on paper. Fails on any
// word in the console, on any request but that of the file itself, on a page wider than its screen, on script that ran
// or an element that reports do not have, and on what axe calls a serious or critical fault of accessibility.
//   node browser.mjs [--shots DIR] FILE.html...
// Needs puppeteer-core and axe-core beside it, and Chromium ($CHROMIUM, else `chromium`).
import { createRequire } from 'node:module';
import { basename, resolve } from 'node:path';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const words = process.argv.slice(2);
const shots = words[0] === '--shots' ? words.splice(0, 2)[1] : '';
if (words.length === 0) {
  console.error('no report given: node browser.mjs [--shots DIR] FILE.html...');
  process.exit(2);
}
let faults = 0;
const fault = (where, what) => {
  faults++;
  console.error(`${where}: ${what}`);
};

// What reports are made of. Anything else has come from an image.
const ours = new Set(('html head meta link title style body header main nav section article details summary h1 h2 h3 h4 p ' +
  'a ul ol li dl dt dd table caption thead tbody tr th td div span strong b small code pre bdi i').split(' '));

async function look(browser, file, width, scheme) {
  const where = `${basename(file)} ${width} ${scheme}`;
  const page = await browser.newPage();
  const url = pathToFileURL(resolve(file)).href;
  page.on('console', (message) => fault(where, `console: ${message.text()}`));
  page.on('pageerror', (error) => fault(where, `error: ${error.message}`));
  page.on('dialog', (dialog) => { fault(where, `dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) fault(where, `request: ${request.url()}`);
  });
  await page.setViewport({ width, height: width < 600 ? 844 : 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.goto(url, { waitUntil: 'load', timeout: 120_000 });
  await fits(page, where);
  if (shots) await page.screenshot({ path: `${shots}/${basename(file, '.html')}-${width}-${scheme}.png`, fullPage: true });
  await page.evaluate(() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; }));
  await fits(page, `${where}, unfolded`);
  const seen = await page.evaluate(() => ({
    tags: [...new Set([...document.querySelectorAll('*')].map((e) => e.localName))],
    handlers: [...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on'))).length,
    missing: [...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute('href').slice(1))
      .filter((id) => !document.getElementById(id)),
    twice: [...document.querySelectorAll('[id]')].map((e) => e.id).filter((id, at, all) => all.indexOf(id) !== at),
  }));
  for (const tag of seen.tags) if (!ours.has(tag)) fault(where, `<${tag}> is no element of a report`);
  if (seen.handlers > 0) fault(where, `${seen.handlers} elements have event handlers`);
  if (seen.missing.length > 0) fault(where, `links lead nowhere: ${seen.missing.slice(0, 5).join(', ')}`);
  if (seen.twice.length > 0) fault(where, `ids are there twice: ${seen.twice.slice(0, 5).join(', ')}`);
  if (width > 600) await judge(page, where);
  await page.close();
}

async function fits(page, where) {
  const seen = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth, room: document.documentElement.clientWidth,
    widest: [...document.querySelectorAll('body *')].filter((e) => !e.closest('nav') &&
      e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).slice(0, 3).map((e) => `${e.parentElement.localName}.${e.parentElement.className}>${e.localName}.${e.className}`),
  }));
  if (seen.wide > seen.room) fault(where, `the page is ${seen.wide} wide, the screen ${seen.room}: ${seen.widest.join(', ')}`);
}

// By the browser's own hand: the page's policy forbids script to the page.
async function judge(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
  for (const { id, impact, nodes } of violations.filter((v) => v.impact === 'serious' || v.impact === 'critical'))
    fault(where, `axe: ${impact}: ${id}, ${nodes.length} times, first ${nodes[0].html.slice(0, 160)} ${nodes[0].any[0]?.message ?? ''}`);
}

async function print(browser, file) {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(resolve(file)).href);
  const pdf = await page.pdf({ format: 'A4', printBackground: false, timeout: 120_000, ...(shots && { path: `${shots}/${basename(file, '.html')}.pdf` }) });
  if (pdf.length < 10_000) fault(basename(file), `printed to ${pdf.length} bytes`);
  await page.close();
}

const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', protocolTimeout: 600_000, args: ['--no-sandbox', '--disable-gpu'] });
try {
  // Colours are judged where there is room; a narrow dark page is for the eye alone.
  const views = [[1280, 'light'], [1280, 'dark'], [390, 'light'], ...(shots ? [[390, 'dark']] : [])];
  const waiting = [...words];
  const one = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      for (const [width, scheme] of views) await look(browser, file, width, scheme);
      await print(browser, file);
      console.log(`${basename(file)}: looked at`);
    }
  };
  await Promise.all([one(), one()]);
} finally {
  await browser.close();
}
process.exit(faults > 0 ? 1 : 0);
