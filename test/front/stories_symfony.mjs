// Seed 004 looks for "Account is disabled.", which Symfony of its days said and
// stayd says with --no-hide-users; it looks in the wrong place, and signs out
// all the same, since it was the refresh that was refused.
import { symfony } from './clients/symfony.mjs';
import { axioses } from './packages.mjs';
import { assert } from './rows.mjs';
import { disabled, lives, tell } from './stories.mjs';

async function toldSo(visit) {
    await disabled(visit);
    const [refused] = visit.refreshes();
    assert.equal(JSON.parse(refused.text).message, 'Account is disabled.');
}

export async function tellSymfony({ start }) {
    const server = await start(['--demo', '--no-hide-users']);

    for (const axios of Object.keys(axioses))
        for (const mount of ['', '/d/symfony']) {
            const place = { client: symfony, axios, mount, server };
            tell(place, 'with --no-hide-users, the account was disabled',
                toldSo);
            tell(place, '3 lifetimes within the usual --refresh-soft', lives);
        }
}
