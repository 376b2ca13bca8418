package otpcore

import "time"

// start makes the drafted verification real: it checks the phone's limits,
// fixes the times, and opens the first channel of the route.
func (d *desk) start(c *Case, draft Verification, phone Phone, own Code) error {
	policy := d.rules.policy(draft.Kind)
	if policy.Guarded && draft.Mode == Live {
		if err := d.guardStart(c); err != nil {
			return err
		}
	}
	if draft.Mode == Test {
		if err := trialStart(phone); err != nil {
			return err
		}
	}
	v := draft
	v.ID = NewID(PrefixVerification, c.Now)
	v.Status = Pending
	v.MaxAttempts = policy.MaxAttempts
	if own.Len() > 0 {
		v.MaxAttempts = min(v.MaxAttempts, ownCodeAttempts)
	}
	v.CreatedAt, v.ExpiresAt = c.Now, c.Now.Add(v.TTL)
	v.ResendAt = c.Now.Add(d.cooldown(0))
	v.Epoch = c.Epoch
	v.KeyID = d.vault.CodeKeyID()
	v.Phone = d.sealPhone(phonePlace(&v), phone)
	if own.Len() > 0 {
		v.OwnCode = d.vault.Seal(ownCodePlace(&v), padCode(own))
	} else {
		v.Seed = newSeed()
	}
	if policy.Fallback && len(v.Route) > 1 {
		v.FallbackAt = firstFallback(&v)
	}
	c.insertVerification(&v)
	c.note(EventVerificationStarted, nil, "template", v.Template, "code_source", codeSource(&v))
	d.advance(c, CauseStart)
	return nil
}

// firstFallback keeps the fallback inside the code's life: one that is asked
// for at the very end fires a second before it.
func firstFallback(v *Verification) time.Time {
	return v.CreatedAt.Add(min(v.FallbackAfter, v.TTL-time.Second))
}

func codeSource(v *Verification) string {
	if v.OwnCode != nil {
		return "business"
	}
	return "generated"
}
