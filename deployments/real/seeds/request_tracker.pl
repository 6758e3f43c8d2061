# Initial data for a private Request Tracker: one queue, its custom fields, three users.
# Read by `rt-setup-database --action insert`; writes tokens and ids as JSON to the file
# named by SYNCLINE_SEED_OUTPUT.
use strict;
use warnings;

our (@Queues, @CustomFields, @Users, @ACL, @Final);

my $queue  = 'Support';
my @people = qw(ann bob);
my @rights = qw(
    SeeQueue ShowTicket ShowTicketComments CreateTicket ReplyToTicket CommentOnTicket
    ModifyTicket DeleteTicket OwnTicket TakeTicket StealTicket Watch SeeCustomField
    ModifyCustomField ForwardMessage
);

push @Queues, {
    Name              => $queue,
    Description       => 'Support desk',
    CorrespondAddress => 'support@example.test',
    CommentAddress    => 'support-comment@example.test',
};

my %field = (LookupType => 'RT::Queue-RT::Ticket', Queue => $queue);
push @CustomFields, (
    { %field, Name => 'ExternalKey', Type => 'FreeformSingle', MaxValues => 1 },
    {   %field,
        Name      => 'Severity',
        Type      => 'SelectSingle',
        MaxValues => 1,
        Values    => [ map { { Name => $_ } } qw(low medium high urgent) ],
    },
    { %field, Name => 'Labels', Type => 'FreeformMultiple', MaxValues => 0 },
);

for my $name ('syncline', @people) {
    push @Users, {
        Name         => $name,
        RealName     => ucfirst $name,
        EmailAddress => "$name\@example.test",
        Password     => "$name-password",
        Privileged   => 1,
        Timezone     => 'UTC',
    };
}

push @ACL, { UserId => 'syncline', Right => 'SuperUser' };
for my $name (@people) {
    push @ACL, map { { UserId => $name, Queue => $queue, Right => $_ } } @rights;
}

push @Final, sub {
    my %out = (tokens => {}, custom_fields => {});
    for my $name ('syncline', @people) {
        my $user = RT::User->new(RT->SystemUser);
        $user->Load($name);
        my ($ok, $message, $token)
            = RT::AuthToken->new(RT->SystemUser)->Create(Owner => $user->id, Description => 'seed');
        die "no token for $name: $message" unless $ok;
        $out{tokens}{$name} = $token;
    }
    for my $spec (@CustomFields) {
        my $cf = RT::CustomField->new(RT->SystemUser);
        $cf->LoadByName(Name => $spec->{Name}, LookupType => $spec->{LookupType});
        $out{custom_fields}{ $spec->{Name} } = $cf->id + 0;
    }
    require JSON;
    my $path = $ENV{SYNCLINE_SEED_OUTPUT} or die 'SYNCLINE_SEED_OUTPUT is not set';
    open my $file, '>', $path or die "$path: $!";
    chmod 0600, $path;
    print {$file} JSON::to_json(\%out);
    close $file or die "$path: $!";
};

1;
