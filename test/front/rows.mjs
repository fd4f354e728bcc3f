// Rows for the tests in Node: what check.h is for C. All rows of a program run
// at the same time, for most of their time is waiting for a token to expire.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';

const rows = [];

/** A row is its sentence and what it does; it fails by throwing. */
export function row(name, run) {
    rows.push({ name, run });
}

/** A row that cannot run here; under STAY_NO_SKIP=1 that is a failure. */
export function skip(name, why) {
    rows.push({ name, why });
}

export { assert };

/** Looks every so often, for 30 s at most, until it holds; what it gave. */
export async function until(what, holds, every_ms = 20) {
    const end = Date.now() + 30_000;

    for (;;) {
        const got = await holds();
        if (got)
            return got;
        if (Date.now() > end)
            throw new Error(`not within 30 s: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, every_ms));
    }
}

function say(what, name, text) {
    const lines = text.split('\n').map((line) => `#     ${line}`);
    console.log(`# ${what} row "${name}":\n${lines.join('\n')}`);
}

async function runOne({ name, run, why }) {
    if (why !== undefined) {
        const forbidden = process.env.STAY_NO_SKIP === '1';
        const rest = forbidden ? '; STAY_NO_SKIP=1 forbids it' : '';
        console.log(`# ${forbidden ? 'FAILED' : 'SKIPPED'} row "${name}": ` +
                    why + rest);
        return forbidden ? 'failed' : 'skipped';
    }
    try {
        await run();
        return 'passed';
    } catch (error) {
        say('FAILED', name, String(error?.stack ?? error));
        return 'failed';
    }
}

/** What is not over soon after the rows never ends: a timer, a server. */
function stopLater(suite) {
    setTimeout(() => {
        console.log(`# ${suite}: FAILED to end; still there are ` +
                    process.getActiveResourcesInfo().join(', '));
        process.exit(1);
    }, 5000).unref();
}

/** Runs all rows, then `end`; reports as check.c does. The exit code. */
export async function finish(suite, end = async () => {}) {
    const start = performance.now();
    const ends = await Promise.all(rows.map(runOne));
    const count = (what) => ends.filter((one) => one === what).length;
    let [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map(count);

    try {
        await end();
    } catch (error) {
        say('FAILED', 'and all of it ends', String(error?.stack ?? error));
        failed++;
    }
    stopLater(suite);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`# ${suite}: ${passed} passed, ${failed} failed, ` +
                `${skipped} skipped, ${seconds} s`);
    if (process.env.STAY_REPORT)
        appendFileSync(process.env.STAY_REPORT,
            `${suite} ${passed} ${failed} ${skipped} ${seconds}\n`);
    return failed > 0 || passed + skipped === 0 ? 1 : 0;
}
