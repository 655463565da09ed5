package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"tenantry/ent/enum"
	"tenantry/ent/value"
	"tenantry/internal/id"
)

// SecondFactor is a user's TOTP secret and recovery codes (rule U9). It counts once it is
// confirmed, which the user's two_factor says.
type SecondFactor struct{ entity }

// Mixin of the SecondFactor.
func (SecondFactor) Mixin() []ent.Mixin { return []ent.Mixin{identity{kind: id.SecondFactor}} }

// Fields of the SecondFactor.
func (SecondFactor) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Bytes("secret").Sensitive().Comment("encrypted with a key that is derived from SECRET_KEY"),
		field.Int64("last_step").Default(0).Comment("the time step of the last code that was accepted: no code of it or of an earlier one is again"),
		field.Bytes("recovery_hashes").Optional().Sensitive().Comment("the SHA-256 of each unused recovery code, one after the other"),
		field.Time("created_at").Default(value.Now).Immutable(),
	}
}

// Edges of the SecondFactor.
func (SecondFactor) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("second_factor").Field("user_id").Unique().Required().Immutable(),
	}
}

// SignInChallenge is a sign-in whose password was right and whose code is awaited (rule U9); only
// the SHA-256 of its token is stored.
type SignInChallenge struct{ entity }

// Mixin of the SignInChallenge.
func (SignInChallenge) Mixin() []ent.Mixin {
	return []ent.Mixin{identity{kind: id.SignInChallenge}}
}

// Fields of the SignInChallenge.
func (SignInChallenge) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Bytes("token_hash").Unique().Immutable().Sensitive(),
		field.Enum("kind").GoType(enum.SessionKind("")).Immutable().Comment("of the session that was asked for"),
		field.Int("tries").Default(0).Comment("codes that were given, counted before they are checked"),
		field.Time("created_at").Default(value.Now).Immutable(),
		field.Time("expires_at").Immutable().Comment("by the database's clock"),
	}
}

// Edges of the SignInChallenge.
func (SignInChallenge) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("sign_in_challenges").Field("user_id").Unique().Required().Immutable(),
	}
}

// Indexes of the SignInChallenge.
func (SignInChallenge) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id"), index.Fields("expires_at")}
}
