// Looks at a page as a person would, and prints what it saw as JSON:
//   node look.cjs MODULES CHROMIUM PAGE…
'use strict';
const path = require('node:path');
const fs = require('node:fs');
const [modules, chromium, ...pages] = process.argv.slice(2);
const puppeteer = require(path.join(modules, 'puppeteer-core'));
const axe = fs.readFileSync(path.join(modules, 'axe-core/axe.min.js'), 'utf8');

async function look(browser, file, width, scheme, script) {
    const page = await browser.newPage();
    const seen = { file, width, scheme, script, requests: [], console: [], outside: [], violations: [] };
    page.on('request', (request) => {
        const url = request.url();
        if (url !== 'file://' + file && !url.startsWith('data:')) seen.requests.push(url);
    });
    page.on('console', (message) => seen.console.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => seen.console.push(String(error)));
    page.on('dialog', async (dialog) => { seen.console.push(`dialog: ${dialog.message()}`); await dialog.dismiss(); });
    await page.setJavaScriptEnabled(script);
    // What the driver itself puts into the page must pass the page's own policy; what the page does must not.
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.goto('file://' + file, { waitUntil: 'load' });
    if (!script) {
        // Without scripts it must still be all there: the browser's own text of it.
        const snapshot = await page.accessibility.snapshot({ interestingOnly: false });
        const walk = (node) => [node, ...(node.children || []).flatMap(walk)];
        const nodes = walk(snapshot);
        seen.headings = nodes.filter((node) => node.role === 'heading').length;
        seen.landmarks = nodes.map((node) => node.role).filter((role) => ['banner', 'navigation', 'main', 'contentinfo'].includes(role));
        await page.close();
        return seen;
    }
    // Everything is unfolded, or nobody sees what is in it.
    seen.outside = await page.evaluate(() => {
        document.querySelectorAll('details').forEach((details) => { details.open = true; });
        const out = [];
        if (document.documentElement.scrollWidth > window.innerWidth) out.push(`the page is ${document.documentElement.scrollWidth} wide`);
        for (const element of document.body.querySelectorAll('*')) {
            if (element.closest('.skip, .unseen')) continue;
            for (const box of element.getClientRects()) {
                if (box.width > 0 && (box.left < -0.5 || box.right > window.innerWidth + 0.5)) {
                    out.push(`${element.tagName}.${element.className} from ${box.left} to ${box.right}`);
                    break;
                }
            }
        }
        return out.slice(0, 20);
    });
    seen.elements = await page.evaluate(() => document.querySelectorAll('script, iframe, img, object, embed, form').length);
    seen.text = await page.evaluate(() => document.body.innerText);
    // The keyboard: the first stop is the way past the navigation, and it is seen.
    await page.keyboard.press('Tab');
    seen.first = await page.evaluate(() => {
        const box = document.activeElement.getBoundingClientRect();
        return { text: document.activeElement.innerText, seen: box.left >= 0 && box.top >= 0 && box.width > 0 };
    });
    // The next stops are those of the page's own order, each in the view when it has the focus.
    seen.keyboard = await page.evaluate(() => {
        const stops = [...document.querySelectorAll('a[href], summary, button, input, select, textarea, [tabindex]')]
            .filter((element) => element.tabIndex >= 0 && element.getClientRects().length > 0);
        stops.forEach((element, at) => { element.dataset.stop = at; });
        return stops.some((element) => element.tabIndex > 0) ? ['a positive tabindex'] : [];
    });
    for (let at = 1; at < 25; at += 1) {
        await page.keyboard.press('Tab');
        const wrong = await page.evaluate((at) => {
            const element = document.activeElement;
            if (element === document.body || !element.dataset.stop) return `stop ${at} is ${element.tagName}`;
            if (element.dataset.stop !== String(at)) return `stop ${at} is number ${element.dataset.stop}`;
            const box = element.getBoundingClientRect();
            if (box.bottom <= 0 || box.top >= window.innerHeight) return `stop ${at} is not in the view`;
            const style = getComputedStyle(element);
            return style.outlineStyle === 'none' ? `stop ${at} shows no focus` : null;
        }, at);
        if (wrong) seen.keyboard.push(wrong);
    }
    await page.evaluate(() => document.querySelector('.skip')?.focus());
    await page.keyboard.press('Enter');
    seen.main = await page.evaluate(() => document.activeElement.id);
    const result = await page.evaluate(async (source) => {
        // Not by an element: the page's policy would refuse it, as it should.
        (0, eval)(source);
        const found = await window.axe.run(document, {
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
            resultTypes: ['violations'],
        });
        return {
            passes: found.passes.map((rule) => rule.id),
            violations: found.violations.map((rule) => `${rule.id}: ${rule.help}: ${rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`),
        };
    }, axe).catch((error) => ({ passes: [], violations: [`axe did not run: ${error}`] }));
    Object.assign(seen, result);
    await page.close();
    return seen;
}

(async () => {
    const browser = await puppeteer.launch({
        executablePath: chromium,
        headless: true,
        // As root, which a container's tests run as, there is no sandbox.
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
    const out = [];
    try {
        for (const file of pages) {
            // Colours do not depend on the width, nor places on the colours.
            out.push(await look(browser, file, 400, 'light', true));
            out.push(await look(browser, file, 1280, 'dark', true));
            out.push(await look(browser, file, 1280, 'light', false));
            const page = await browser.newPage();
            page.on('dialog', (dialog) => dialog.dismiss());
            await page.goto('file://' + file);
            // On paper there is nothing to click: no navigation, everything unfolded, nothing beside the sheet.
            await page.emulateMediaType('print');
            await page.setViewport({ width: 718, height: 1000 });
            const print = await page.evaluate(() => ({
                navigation: [...document.querySelectorAll('nav, .skip')].filter((element) => element.getClientRects().length > 0).length,
                folded: [...document.querySelectorAll('details > :not(summary)')].filter((element) => !element.checkVisibility({ contentVisibilityAuto: true })).length,
                wide: document.documentElement.scrollWidth,
            }));
            const pdf = await page.pdf({ format: 'A4' });
            out.push({ file, print, pdf: (Buffer.from(pdf).toString('latin1').match(/\/Type\s*\/Page\b/g) || []).length });
            await page.close();
        }
    } finally {
        await browser.close();
    }
    process.stdout.write(JSON.stringify(out));
})().catch((error) => { console.error(error); process.exit(1); });
