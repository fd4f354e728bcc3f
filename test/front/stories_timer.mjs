// Seed 003 as its text would have it: the token is renewed before it expires,
// requests wait for that, and a refresh token is shown once.
import { sofunctionTimer } from './clients/sofunction.mjs';
import { axioses } from './packages.mjs';
import { assert, until } from './rows.mjs';
import { openWell, tell } from './stories.mjs';

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

export async function tellTimer({ start }) {
    // Longer lives, so that a busy machine's timer is not a token's life late.
    const server = await start(['--access-ttl', '3s', '--refresh-soft', '1s']);

    for (const axios of Object.keys(axioses))
        for (const mount of ['', '/d/sofunction'])
            tell({ client: sofunctionTimer, axios, mount, server },
                `${LIVES} lifetimes and no 401`, ahead);
}
