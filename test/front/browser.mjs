// As much of a browser and of Vuex as the articles' clients touch.

/** window.localStorage; it outlives the page. */
export function createStorage() {
    const items = new Map();

    return {
        getItem: (key) => items.get(key) ?? null,
        setItem: (key, value) => { items.set(key, String(value)); },
        removeItem: (key) => { items.delete(key); },
        clear: () => items.clear(),
        get length() { return items.size; },
    };
}

/** A router that only goes where it is told. */
export function createRouter() {
    return {
        at: '/',
        push(to) { this.at = to; },
    };
}

/**
 * State, mutations and actions. An action that is not there does nothing, as
 * in Vuex, which only complains on the console. `saved` hears of every
 * mutation.
 */
export function createStore({ state, mutations, actions = {},
    saved = () => {} }) {
    const store = {
        state,
        commit(name, value) {
            mutations[name](state, value);
            saved(state);
        },
        async dispatch(name, value) {
            return actions[name]?.(store, value);
        },
    };
    return store;
}

/** What a JWT says, unverified, as clients read it. */
export function readClaims(token) {
    return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
}
