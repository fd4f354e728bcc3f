// An app in the manner of bezkoder's, on his Node back end. Of services/api.js,
// setupInterceptors.js, token.service.js, auth.service.js, auth.module.js and
// EventBus.js this is what is left.
import express from '@stay/web/dialects/express'
import { start } from './start'

start({ dialect: express, prefix: '/api', names: 'bezkoder', signIn: 'auth/login', signOut: 'auth/logout' })
