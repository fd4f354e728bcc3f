// An app that keeps all at the store's root, on djoser and SimpleJWT.
import django from '@stay/web/dialects/django'
import { start } from './start'

start({ dialect: django, prefix: '/api/v1', names: 'django', signIn: 'logIn' })
