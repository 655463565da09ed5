package policy

import (
	"entgo.io/ent/privacy"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/predicate"
)

// SecondFactor is nobody's to see or to write: internal/auth alone handles it.
func SecondFactor() privacy.Policy {
	return privacy.Policy{Query: reads[*ent.SecondFactorQuery, predicate.SecondFactor](nil), Mutation: writes{}.policy()}
}

// SignInChallenge is as SecondFactor.
func SignInChallenge() privacy.Policy {
	return privacy.Policy{Query: reads[*ent.SignInChallengeQuery, predicate.SignInChallenge](nil), Mutation: writes{}.policy()}
}
