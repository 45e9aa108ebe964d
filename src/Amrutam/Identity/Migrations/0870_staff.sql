-- Staff work at the front desk: they act for patients, and see neither accounts nor the audit.
alter table identity.users drop constraint users_role_check,
    add constraint users_role_check check (role in ('patient', 'doctor', 'staff', 'admin'));
alter table identity.invitations drop constraint invitations_role_check,
    add constraint invitations_role_check check (role in ('doctor', 'staff', 'admin'));
