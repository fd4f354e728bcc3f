// Seed 002's router guard, which asks for a refresh and leaves the refresh
// token out: with and without --lenient-nest.
import { nest } from './clients/nest.mjs';
import { axioses } from './packages.mjs';
import { assert, skip } from './rows.mjs';
import { knows } from './server.mjs';
import { openWell, tell } from './stories.mjs';

async function expired(visit) {
    await visit.accessEnds();
    visit.reload();
}

/** The guard's refresh has no such member, and is one request. */
function guardAsked(visit) {
    const [asked, ...more] = visit.refreshes();

    assert.equal(asked.json.refresh_token, undefined);
    assert.deepEqual(more, []);
}

async function strict(visit) {
    await expired(visit);
    const error = await visit.app.load().then(
        () => assert.fail('it was let in'), (reason) => reason);
    assert.equal(error.response.status, 401);
    guardAsked(visit);
    assert.equal(visit.router.at, '/'); // no page at all: its bug
    visit.atMost(1);
    // What is not of the guard still works: nothing was revoked by it.
    await openWell(visit);
}

async function lenient(visit) {
    const name = visit.app.user();

    await expired(visit);
    await visit.app.load();
    guardAsked(visit);
    assert.equal(visit.router.at, '/dashboard');
    assert.equal(visit.app.user(), name);
    await openWell(visit);
    assert.equal(visit.refreshes().length, 1);
    // And the pair that it got goes on from there, a reload later too.
    await expired(visit);
    await visit.app.load();
    await visit.accessEnds();
    await openWell(visit);
}

const rows = [
    { says: 'reload with a dead token is refused', run: strict },
    { says: 'with --lenient-nest, reload with a dead token', run: lenient,
        lenient: true },
];

export async function tellNest({ servers, start }) {
    const there = await knows([], '--lenient-nest');
    const server = there ? await start(['--demo', '--lenient-nest']) :
        undefined;

    for (const { says, run, lenient: needs } of rows)
        for (const axios of Object.keys(axioses))
            for (const mount of ['', '/d/nest']) {
                if (needs && !there)
                    skip(`seed 002, axios ${axios}, ${mount}: ${says}`,
                        'this stayd has no --lenient-nest');
                else
                    tell({ client: nest, axios, mount,
                        server: needs ? server : servers.usual }, says, run);
            }
}
