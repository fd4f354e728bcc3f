// Seed 003 as its text would have it: the token is renewed before it expires,
// requests wait for that, and a refresh token is shown once.
import { sofunctionInstance, sofunctionTimer } from './clients/sofunction.mjs';
import { axioses } from './packages.mjs';
import { assert, until } from './rows.mjs';
import { SOFT_S } from './server.mjs';
import { openBadly, openWell, tell } from './stories.mjs';

const LIVES = 3;

function sawNo401(visit) {
    const seen = visit.network.requests;
    const sent = visit.refreshes().map((one) => one.json.token);
    assert.deepEqual(seen.filter((one) => one.status >= 400), []);
    assert.equal(new Set(sent).size, sent.length);
}

/** As its timer goes: a page now and then, and never a 401. */
async function ahead(visit) {
    await until(`${LIVES} refreshes`, async () => {
        await openWell(visit);
        return visit.refreshes().length >= LIVES;
    }, 200);
    sawNo401(visit);
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
    await visit.accessEnds();
    await openWell(visit);
    assert.throws(() => sawNo401(visit), { message: /deep-equal/ });
}

export async function tellTimer({ start }) {
    // The timer goes after 2 s: on a busy machine it may be long late.
    const server = await start(['--demo', '--access-ttl', '20s',
        '--refresh-soft', `${SOFT_S}s`]);

    for (const axios of Object.keys(axioses))
        for (const mount of ['', '/d/sofunction']) {
            const place = { client: sofunctionTimer, axios, mount, server };
            tell(place, `${LIVES} lifetimes and no 401`, ahead);
            tell(place, 'a refresh by its timer is answered 503', rests);
        }
    tell({ client: sofunctionInstance, axios: Object.keys(axioses)[0],
        mount: '', server }, 'without a timer, a 401 is seen', isLate);
}
