// Seed 003 as its text would have it: the token is renewed before it expires,
// requests wait for that, and a refresh token is shown once.
import { sofunctionInstance, sofunctionTimer } from './clients/sofunction.mjs';
import { axioses } from './packages.mjs';
import { assert, until } from './rows.mjs';
import { openBadly, openWell, tell } from './stories.mjs';

const LIVES = 3;

/** As its timer goes: a page now and then, and never a 401. */
async function ahead(visit) {
    await until(`${LIVES} refreshes`, async () => {
        await openWell(visit);
        return visit.refreshes().length >= LIVES;
    }, 200);
    const seen = visit.network.requests;
    const sent = visit.refreshes().map((one) => one.json.token);
    assert.deepEqual(seen.filter((one) => one.status >= 400), []);
    assert.equal(new Set(sent).size, sent.length);
}

/** Its timer's refresh fails: no loop, and the next page signs out. */
async function rests(visit) {
    visit.network.faked.set(visit.client.refreshEnd, 503);
    await until('the timer goes', () => visit.refreshes().length > 0);
    await visit.accessEnds();
    visit.atMost(1);
    assert.equal(visit.app.isSignedIn(), true);
    assert.equal(await openBadly(visit), 401);
    assert.equal(visit.app.isSignedIn(), false);
    assert.equal(visit.router.at, '/login');
    visit.atMost(3);
}

async function isLate(visit) {
    await assert.rejects(ahead(visit), { message: /deep-equal/ });
}

export async function tellTimer({ start }) {
    // Longer lives, so that a busy machine's timer is not a token's life late.
    const server = await start(['--access-ttl', '3s', '--refresh-soft', '1s']);

    for (const axios of Object.keys(axioses))
        for (const mount of ['', '/d/sofunction']) {
            const place = { client: sofunctionTimer, axios, mount, server };
            tell(place, `${LIVES} lifetimes and no 401`, ahead);
            tell(place, 'a refresh by its timer is answered 503', rests);
        }
    tell({ client: sofunctionInstance, axios: Object.keys(axioses)[0],
        mount: '', server }, 'without a timer, a 401 is seen', isLate);
}
