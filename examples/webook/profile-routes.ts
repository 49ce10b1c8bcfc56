/** A user's own profile. */
import type { FastifyInstance } from 'fastify'
import { Refusal } from '../../src/http/envelope.js'
import { answerDone, answerFound } from './answers.js'
import { type Profile, readProfile } from './profile.js'

export interface ProfilePorts {
  readonly profiles: {
    get(uid: string): Promise<Profile | undefined>
    put(uid: string, profile: Profile): Promise<void>
  }
  /** ms since 1970. */
  readonly now: () => number
}

export const addProfileRoutes = (scope: FastifyInstance, { profiles, now }: ProfilePorts): void => {
  scope.get('/profile', async (request, reply) => {
    const profile = await profiles.get(request.uid)
    if (profile === undefined) throw new Refusal(404, 'this user has no profile yet; PUT /profile makes one')
    reply.header('cache-control', 'no-store')
    return answerFound(reply, JSON.stringify(profile))
  })

  scope.put('/profile', async (request, reply) => {
    const profile = readProfile(request.body, new Date(now()).toISOString().slice(0, 10))
    await profiles.put(request.uid, profile)
    return answerDone(reply, JSON.stringify(profile))
  })
}
